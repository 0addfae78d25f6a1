"""The researcher looks up, claims only what stands in a document, and reports."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from manymind.canon.items import Called, Item, Returned
from manymind.canon.parts import Text
from manymind.canon.requests import Function, OutputFormat, Request, ToolChoice
from manymind.canon.values import Json
from manymind.providers.researcher import asked_for, researcher
from tests.world import a_request, said

DOCUMENTS = {
    "rivers": "# Rivers\n\nThe Glomma is the longest river of Norway. It is 621 km long.",
    "hills": "Galdhøpiggen is the highest mountain of Norway at 2,469 metres.",
}
QUESTION = "Your objective:\n\nHow long is the longest river of Norway?"


def declared(name: str, *required: str) -> Function:
    fields = {field: {"type": "string"} for field in (*required, "limit")}
    schema: Json = {"type": "object", "properties": fields, "required": list(required)}
    return Function(name=name, parameters=schema)


TOOLS = (
    declared("search", "query"),
    declared("read", "document_id"),
    declared("note_claim", "text", "document_id", "quote"),
)


def looked_up(called: Called, *, accepting: bool) -> Json:
    if called.name == "note_claim":
        return {"accepted": accepting, "evidence": "E1"}
    passages = [
        {"document_id": name, "start": 0, "end": len(text), "text": text}
        for name, text in DOCUMENTS.items()
    ]
    return {"passages": passages}


def worked(request: Request, *, accepting: bool = True) -> tuple[list[Called], str]:
    """Plays the tools until the researcher reports; its calls and its report."""
    items: list[Item] = list(request.items)
    made: list[Called] = []
    for _ in range(10):
        lines = researcher(a_request(items=tuple(items), tools=request.tools))
        calls = [line for line in lines if isinstance(line, Called)]
        if not calls:
            return made, "".join(line for line in lines if isinstance(line, str))
        made += calls
        items += calls
        for called in calls:
            result = json.dumps(looked_up(called, accepting=accepting))
            items.append(Returned(call_id=called.call_id, parts=(Text(text=result),)))
    raise AssertionError("it never reported")


def test_it_searches_reads_claims_and_reports() -> None:
    calls, report = worked(a_request(QUESTION, tools=TOOLS))
    assert [called.name for called in calls] == ["search", "read", "note_claim", "note_claim"]
    assert json.loads(calls[0].arguments) == {"query": "long longest river Norway"}
    assert json.loads(calls[1].arguments) == {"document_id": "rivers"}
    assert report.startswith("The Glomma is the longest river of Norway. [rivers]")


def test_every_claim_quotes_its_document_word_for_word() -> None:
    calls, _ = worked(a_request(QUESTION, tools=TOOLS))
    claims = [json.loads(called.arguments) for called in calls if called.name == "note_claim"]
    assert claims
    for claim in claims:
        assert claim["quote"] in DOCUMENTS[claim["document_id"]]


def test_it_gives_up_when_every_claim_is_refused() -> None:
    calls, report = worked(a_request(QUESTION, tools=TOOLS), accepting=False)
    assert 2 <= [called.name for called in calls].count("note_claim") <= 4
    assert report


def test_call_ids_never_repeat_within_a_conversation() -> None:
    calls, _ = worked(a_request(QUESTION, tools=TOOLS), accepting=False)
    ids = [called.call_id for called in calls]
    assert len(set(ids)) == len(ids)


def test_without_leave_to_call_it_reports_what_it_has() -> None:
    choice = ToolChoice(mode="none")
    lines = researcher(a_request(QUESTION, tools=TOOLS, tool_choice=choice))
    assert lines == ("I found nothing on this: How long is the longest river of Norway?",)


def test_without_tools_it_answers_from_the_documents_in_its_prompt() -> None:
    prompt = "".join(f'<document id="{n}">{t}</document>\n' for n, t in DOCUMENTS.items())
    (answer,) = researcher(a_request(prompt + "How long is the longest river?"))
    assert answer == (
        "The Glomma is the longest river of Norway. [rivers]\nIt is 621 km long. [rivers]"
    )


def test_it_cites_with_the_marks_that_it_is_shown() -> None:
    prompt = (
        "Put its marker, such as {{E1}}, behind every statement.\n"
        '<document id="E2" source="rivers">The Glomma is the longest river.</document>\n'
        "Answer this:\n\nWhich river is the longest?"
    )
    assert list(researcher(a_request(prompt))) == ["The Glomma is the longest river. {{E2}}"]


def test_it_plans_one_piece_of_work_for_each_question() -> None:
    work = {"type": "object", "properties": {"objective": {"type": "string"}}}
    schema: Json = {
        "type": "object",
        "properties": {
            "mode": {"enum": ["research", "solo"]},
            "work": {"type": "array", "items": work},
        },
    }
    request = a_request(
        "Plan the work.\n\nThe question:\n\nHow long is it? Who measured it?",
        output=OutputFormat(form="json_schema", schema=schema),
    )
    (plan,) = researcher(request)
    assert isinstance(plan, str)
    assert json.loads(plan) == {
        "mode": "research",
        "work": [{"objective": "How long is it?"}, {"objective": "Who measured it?"}],
    }


def test_the_question_is_the_one_that_was_announced_last() -> None:
    items = (said("Who?"), said(QUESTION), said("Stop here. Report now."))
    assert asked_for(a_request(items=items)) == "How long is the longest river of Norway?"


@given(result=st.text(max_size=80), prompt=st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_no_result_and_no_prompt_confuses_it(result: str, prompt: str) -> None:
    returned = Returned(call_id="c", parts=(Text(text=result),))
    called = Called(call_id="c", name="search", arguments=prompt)
    items = (said(f'<document id="a">{prompt}'), called, returned)
    assert researcher(a_request(items=items, tools=TOOLS))
