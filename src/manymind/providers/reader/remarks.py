"""What the reader says about itself. It is a reader and not a language model, and says so where
someone could take it for one."""

SELF = (
    "I am manymind/reader: not a language model, but a program that finds, ranks and quotes"
    ' passages. Give me documents (text in <document id="…"> tags, files, or folders on the'
    " server's shelves) and ask what they say; each quote I give is checked word for word. I can"
    " fill a JSON schema from them too. I cannot reason, write or translate."
)

GREETING = (
    "Hello. I am manymind/reader, not a language model: ask me what your documents say, and I"
    " will quote the passages."
)

NO_DOCUMENTS = (
    "I have no documents to read. I am manymind/reader, not a language model: I know nothing of"
    ' my own, I find and quote. Send documents with your question, in <document id="…"> tags or'
    " as text files, or have folders put on the server's shelves."
)

NO_QUESTION = (
    "I was given no question. I am manymind/reader: ask what the documents say, and I will quote"
    " them."
)

MAKING = (
    "I am a reader, not a language model: I cannot write, translate or work things out; I can"
    " only quote."
)

JUDGING = "I cannot judge that; I can quote what bears on it."

NO_IMAGES = "I cannot see images; I read text only."

NO_STYLE = (
    "I cannot follow instructions about language, style or role: I quote the documents as they"
    " are written."
)

FOOTNOTE = "(manymind/reader quotes; it does not reason.)"

DIFFER = "These passages give different figures; I cannot say which is right."

NO_ANSWER = "I found no direct answer. The nearest passage:"


def mended(read: dict[str, str]) -> str:
    """Which words were taken for slips of the pen."""
    told = ", ".join(f"“{word}” as “{meant}”" for word, meant in read.items())
    return f"I read {told}."
