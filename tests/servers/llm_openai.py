"""OpenAI's formats: /v1/responses, /v1/chat/completions, /v1/models, and its errors."""

from typing import Any

from tests.servers.llm_forms import fill, tokens

prefix = "/v1"


def answer(path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    if path == "/v1/responses":
        form = body.get("text", {}).get("format", {})
        prompt = body["input"]
        return response(fill(form.get("schema"), prompt), asked=len(body.get("instructions", "") + prompt))
    if path == "/v1/chat/completions":
        messages = {message["role"]: message["content"] for message in body["messages"]}
        form = body.get("response_format", {}).get("json_schema", {})
        return completion(fill(form.get("schema"), messages["user"]), asked=len("".join(messages.values())))
    return None


def models(path: str) -> dict[str, Any] | None:
    if path != "/v1/models":
        return None
    names = ("gpt-5-mini", "gpt-5", "text-embedding-3-small", "whisper-1")
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "owned_by": "openai"} for name in names],
    }


def response(text: str, *, asked: int = 400, **changes: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_790_000_000,
        "status": "completed",
        "model": "gpt-5-mini",
        "error": None,
        "incomplete_details": None,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]},
        ],
        "usage": {
            "input_tokens": tokens("x" * asked),
            "input_tokens_details": {"cached_tokens": min(16, tokens("x" * asked)), "cache_write_tokens": 0},
            "output_tokens": tokens(text) + 8,
            "output_tokens_details": {"reasoning_tokens": 8},
            "total_tokens": tokens("x" * asked) + tokens(text) + 8,
        },
    } | changes


def completion(
    text: str | None, *, asked: int = 400, reason: str | None = "stop", **message: Any
) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "local",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": reason,
            }
        ],
        "usage": {
            "prompt_tokens": tokens("x" * asked),
            "completion_tokens": tokens(text or ""),
            "total_tokens": tokens("x" * asked) + tokens(text or ""),
        },
    }


def error(message: str, code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}
