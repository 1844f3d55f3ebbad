"""Anthropic's formats: /v1/messages, /v1/models, and its errors."""

from typing import Any

from tests.servers.llm_forms import fill, tokens

prefix = ""


def answer(path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    if path != "/v1/messages":
        return None
    system = "".join(block["text"] for block in body.get("system", []))
    prompt = body["messages"][-1]["content"]
    form = (body.get("output_config") or {}).get("format") or {}
    return message(fill(form.get("schema"), prompt), asked=len(system + prompt))


def models(path: str) -> dict[str, Any] | None:
    if not path.startswith("/v1/models"):
        return None
    names = ("claude-haiku-4-5", "claude-sonnet-4-5")
    return {
        "data": [
            {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
            for name in names
        ],
        "has_more": False,
        "first_id": names[0],
        "last_id": names[-1],
    }


def message(text: str, *, asked: int = 400, **changes: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": tokens("x" * asked),
            "cache_read_input_tokens": 16,
            "cache_creation_input_tokens": 4,
            "output_tokens": tokens(text),
            "service_tier": "standard",
        },
    } | changes


def error(kind: str, text: str, **details: Any) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": kind, "message": text}
    return {
        "type": "error",
        "error": inner | ({"details": details} if details else {}),
        "request_id": "req_1",
    }
