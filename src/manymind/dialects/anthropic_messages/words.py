"""The words of the Messages dialect, and what they are called in the canon."""

NAME = "anthropic_messages"

STOPS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "pause",
}
"""Why a message ended."""

ENDINGS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "refusal": "refusal",
    "content_filter": "refusal",
    "pause": "pause_turn",
}
"""The same the other way; where the canon knows less, the plainest word."""

TOOLS = {
    "web_search": "web_search",
    "web_fetch": "open_page",
    "code_execution": "code_interpreter",
}
"""Tools that the server runs and that the canon has a name for; others keep their own."""

TOOL_NAMES = {canon: own for own, canon in TOOLS.items()} | {
    name: name
    for name in (
        "bash_code_execution",
        "text_editor_code_execution",
        "tool_search_tool_regex",
        "tool_search_tool_bm25",
    )
}
"""What clients take as the name of a server's tool; they reject any other."""
