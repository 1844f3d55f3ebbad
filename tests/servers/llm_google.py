"""Google's formats: models/*:generateContent, models, and its errors, as of v1beta."""

from typing import Any

from tests.servers.llm_forms import fill, tokens

prefix = "/"


def answer(path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    if not path.startswith("/v1beta/models/") or not path.endswith(":generateContent"):
        return None
    system = "".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", []))
    prompt = body["contents"][-1]["parts"][-1]["text"]
    form = body.get("generationConfig", {})
    return content(fill(form.get("responseJsonSchema"), prompt), asked=len(system + prompt))


def models(path: str) -> dict[str, Any] | None:
    if not path.startswith("/v1beta/models"):
        return None
    listed = [("gemini-2.5-flash", "generateContent"), ("gemini-embedding-001", "embedContent")]
    return {
        "models": [
            {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": [method]}
            for name, method in listed
        ]
    }


def content(text: str, *, asked: int = 400, reason: str = "STOP", **changes: Any) -> dict[str, Any]:
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": text}]},
                "finishReason": reason,
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": tokens("x" * asked),
            "cachedContentTokenCount": min(16, tokens("x" * asked)),
            "candidatesTokenCount": tokens(text),
            "thoughtsTokenCount": 8,
            "totalTokenCount": tokens("x" * asked) + tokens(text) + 8,
        },
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r1",
    } | changes


def error(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def reason(name: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": name,
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }


def retry_info(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
