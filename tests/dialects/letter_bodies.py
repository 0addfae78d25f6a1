"""Bodies of each dialect that hold nothing but text, drawn at random: such as are passed on
unopened and bounded by their bytes."""

from collections.abc import Mapping
from typing import cast

from hypothesis import strategies as st

from manymind.canon.values import Json

texts = st.text(max_size=12)
counts = st.integers(1, 10**6)
flags = st.booleans()
schemas = st.dictionaries(
    st.text(max_size=5), st.recursive(texts, lambda inner: st.lists(inner, max_size=2)), max_size=2
)


def obj(
    must: Mapping[str, object], may: Mapping[str, object] | None = None
) -> st.SearchStrategy[Json]:
    """Objects with these fields; what is no strategy stands as it is."""

    def strategy(value: object) -> st.SearchStrategy[object]:
        drawn = isinstance(value, st.SearchStrategy)
        return cast("st.SearchStrategy[object]", value) if drawn else st.just(value)

    return st.fixed_dictionaries(
        {name: strategy(each) for name, each in must.items()},
        optional={name: strategy(each) for name, each in (may or {}).items()},
    )


def several(of: st.SearchStrategy[Json], least: int = 0) -> st.SearchStrategy[list[Json]]:
    return st.lists(of, min_size=least, max_size=3)


_CALL = {"name": texts, "arguments": texts}
_FUNCTION = obj({"name": texts}, {"description": texts, "parameters": schemas, "strict": flags})
_CHAT_TEXT = obj({"type": "text", "text": texts})
_CHAT_SAID = st.one_of(
    obj(
        {
            "role": st.sampled_from(("user", "system", "developer")),
            "content": texts | several(_CHAT_TEXT),
        },
        {"name": texts},
    ),
    obj(
        {"role": "assistant", "content": texts | several(_CHAT_TEXT) | st.none()},
        {"tool_calls": several(obj({"id": "c1", "type": "function", "function": obj(_CALL)}))},
    ),
    obj({"role": "tool", "tool_call_id": texts, "content": texts}),
)
CHAT_BODIES = obj(
    {"model": "a/m", "messages": several(_CHAT_SAID, 1)},
    {
        "stream": flags,
        "stream_options": obj({}, {"include_usage": flags, "include_obfuscation": flags}),
        "max_tokens": counts,
        "n": st.integers(1, 4),
        "service_tier": st.sampled_from(("auto", "priority")),
        "reasoning_effort": "low",
        "response_format": obj({"type": "json_object"}),
        "tools": several(obj({"type": "function", "function": _FUNCTION})),
        "temperature": st.sampled_from((0, 1, 0.5)),
        "min_p": 0.1,
        "user": texts,
    },
)

_INPUT_TEXT = obj({"type": "input_text", "text": texts})
_OUTPUT_TEXT = obj({"type": "output_text", "text": texts}, {"annotations": st.just([])})
_ITEM = st.one_of(
    obj({"role": "user", "content": texts | several(_INPUT_TEXT)}, {"type": "message"}),
    obj({"type": "message", "role": "assistant", "content": several(_OUTPUT_TEXT, 1)}),
    obj({"type": "function_call", "call_id": texts, **_CALL}, {"id": texts}),
    obj({"type": "function_call_output", "call_id": texts, "output": texts}),
    obj(
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": several(obj({"type": "summary_text", "text": texts})),
        },
        {"encrypted_content": st.text("ab+/", min_size=1)},
    ),
)
RESPONSES_BODIES = obj(
    {"model": "a/m", "input": texts | several(_ITEM, 1), "store": False},
    {
        "stream": flags,
        "instructions": texts,
        "max_output_tokens": counts,
        "include": st.just(["reasoning.encrypted_content"]),
        "reasoning": obj({}, {"effort": "high", "summary": "auto"}),
        "text": obj({}, {"verbosity": "low"}),
        "metadata": obj({}, {"feature": texts}),
        "tools": several(
            obj({"type": "function", "name": texts, "parameters": schemas}, {"strict": flags})
        ),
        "service_tier": st.sampled_from(("auto", "priority")),
        "temperature": st.sampled_from((0, 1, 0.5)),
    },
)

_CACHE = obj({"type": "ephemeral"})
_TEXT = obj({"type": "text", "text": texts}, {"cache_control": _CACHE})
_MESSAGE = st.one_of(
    obj(
        {
            "role": "user",
            "content": texts
            | several(
                _TEXT
                | obj(
                    {"type": "tool_result", "tool_use_id": texts, "content": texts},
                    {"is_error": flags},
                ),
                1,
            ),
        }
    ),
    obj(
        {
            "role": "assistant",
            "content": several(
                _TEXT
                | obj({"type": "tool_use", "id": texts, "name": texts, "input": schemas})
                | obj({"type": "thinking", "thinking": texts, "signature": "c2ln"}),
                1,
            ),
        }
    ),
)
MESSAGES_BODIES = obj(
    {"model": "a/m", "max_tokens": counts, "messages": several(_MESSAGE, 1)},
    {
        "stream": flags,
        "system": texts | several(_TEXT),
        "stop_sequences": st.lists(texts, max_size=2),
        "metadata": obj({}, {"user_id": texts}),
        "thinking": obj({"type": "enabled", "budget_tokens": counts}),
        "tools": several(obj({"name": texts, "input_schema": schemas}, {"description": texts})),
        "temperature": st.sampled_from((0, 1, 0.5)),
    },
)
