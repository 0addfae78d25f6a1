"""Whose sealed reasoning it is: OpenAI's stands in the canon as it came, any other vendor's behind
a mark that names it. None but the one who sealed it takes it back."""

GEMINI, GEMINI_ALONE = "gemini:", "gemini-alone:"

_MARKS = (GEMINI, GEMINI_ALONE)


def is_marked(seal: str | None) -> bool:
    return seal is not None and seal.startswith(_MARKS)
