"""LangChain's standard suite for chat models, on each of its three ways to talk to us.

It runs under its own Python, with pytest: MODEL names our model, BASE_URL where we listen, CHECKED
says that the upstream checks the signatures of thoughts, and KEYED that the model takes the keys
of its JSON from the question.
"""

import os

from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

URL, MODEL = os.environ["BASE_URL"], os.environ["MODEL"]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)


class Standard(ChatModelIntegrationTests):
    """Pictures and PDFs are declared unsupported only because the suite fetches its samples from
    the internet; pictures are asked for below instead. Audio and video we do not carry. The
    benchmark wants recordings of a vendor's traffic."""

    @property
    def model_override_value(self) -> str:
        return "manymind/reader"

    def test_a_picture_is_seen(self, model: BaseChatModel) -> None:
        url = f"data:image/png;base64,{PIXEL}"
        for picture in (
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "image", "base64": PIXEL, "mime_type": "image/png"},
        ):
            heard = model.invoke([HumanMessage([{"type": "text", "text": "Look."}, picture])])
            assert isinstance(heard, AIMessage)
            assert heard.text

    def test_a_picture_from_a_tool_is_seen(self, model: BaseChatModel) -> None:
        url = f"data:image/png;base64,{PIXEL}"
        called = {"type": "tool_call", "id": "1", "name": "random_image", "args": {}}
        for picture in (
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "image", "base64": PIXEL, "mime_type": "image/png"},
        ):
            heard = model.bind_tools([random_image]).invoke(
                [
                    HumanMessage("Get a random diagram with the tool and describe it."),
                    AIMessage([], tool_calls=[called]),
                    ToolMessage([picture], tool_call_id="1", name="random_image"),
                ]
            )
            assert isinstance(heard, AIMessage)


def random_image() -> str:
    """A random image."""
    return ""


class OpenAI(Standard):
    @property
    def supports_json_mode(self) -> bool:
        return os.environ["KEYED"] == "1"


class TestChat(OpenAI):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {"model": MODEL, "base_url": f"{URL}/v1", "api_key": "none", "stream_usage": True}


class TestResponses(OpenAI):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {
            "model": MODEL,
            "base_url": f"{URL}/v1",
            "api_key": "none",
            "use_responses_api": True,
        }


class TestMessages(Standard):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatAnthropic

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {"model": MODEL, "base_url": URL, "api_key": "none", "max_tokens": 4000}

    @property
    def supports_anthropic_inputs(self) -> bool:
        """The sample holds a thought that the real vendor signed, so that whoever stands in for
        the vendor and checks signatures is right to refuse it."""
        return os.environ["CHECKED"] == "0"
