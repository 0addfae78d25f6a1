"""The questions that the demo's page proposes are answered from the documents that it names."""

import re
from collections.abc import Callable

import msgspec
import pytest

from tests.docs.conftest import OURS, Addresses
from tests.docs.curl import Curl, send
from tests.docs.pages import CORPUS, page
from tests.docs.proof import citations_proved, objects

NO_ANSWER = re.compile(r"I found no direct answer|I found nothing")
ROWS = page("demo/README.md").rows("Question", "Document")


@pytest.mark.parametrize("model", ["manymind/reader", "manymind/multi-agent"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_question_is_answered_from_its_documents(
    row: list[str], model: str, addresses: Callable[[str], Addresses]
) -> None:
    question = re.sub(r" *\(.*\)$", "", row[0]).replace("`", "")
    body = msgspec.json.encode({"model": model, "input": question}).decode()
    url = f"{addresses('README.md')[OURS]}/v1/responses"
    headers = {"content-type": "application/json"}
    answered = send(Curl(url=url, method="POST", headers=headers, body=body))
    reply: object = msgspec.json.decode(answered.body)
    cited = {str(each["document_id"]) for each in objects(reply) if "document_id" in each}
    named = set(re.findall(r"`([^`]+)`", row[1]))
    assert named <= cited
    assert citations_proved(reply, "") >= len(named)
    assert bool(named) or NO_ANSWER.search(answered.body)


def test_every_document_of_the_corpus_answers_something() -> None:
    named = {name for row in ROWS for name in re.findall(r"`([^`]+)`", row[1])}
    assert named == {path.name for path in CORPUS.iterdir()}
