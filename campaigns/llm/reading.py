"""From a model's text to a form: as JSON, or as one fenced block of JSON, or not at all."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from campaigns.llm.outcomes import Answered, Nonsense, Outcome, Usage

# What each provider's subset of JSON Schema leaves out; the form itself still enforces it.
_DROPPED = ("title", "default", "minLength", "maxLength", "minItems", "maxItems", "pattern", "$defs")
_FENCED = re.compile(r"\s*```(?:json|JSON)?[ \t]*\r?\n(.*?)\r?\n?```\s*", re.DOTALL)


@lru_cache(maxsize=64)
def wire_schema(form: type[BaseModel]) -> dict[str, Any]:
    """The form as the plainest JSON Schema: no references, no bounds, every field required. Read only.

    Past the typed arguments of an SDK where there is a way: some walk through it at each call.
    """
    full = form.model_json_schema()
    plain: dict[str, Any] = _plain(full, full.get("$defs", {}))
    return plain


def _plain(node: Any, shared: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(item, shared) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        node = shared[node["$ref"].removeprefix("#/$defs/")] | {k: v for k, v in node.items() if k != "$ref"}
    kept = {key: value for key, value in node.items() if key not in _DROPPED}
    if "properties" in kept:
        kept["properties"] = {name: _plain(value, shared) for name, value in node["properties"].items()}
        kept["required"] = list(kept["properties"])
        kept["additionalProperties"] = False
    if "items" in kept:
        kept["items"] = _plain(kept["items"], shared)
    if most := node.get("maxLength"):
        kept["description"] = f"{kept.get('description', '')} At most {most} characters.".strip()
    return kept


def read(text: str, form: type[BaseModel], *, who: str, usage: Usage) -> Outcome:
    """The text as a filled-in form, or as nonsense with the first thing that is wrong with it."""
    fenced = _FENCED.fullmatch(text)
    inner = fenced.group(1) if fenced else text
    try:
        value = form.model_validate_json(inner)
    except ValidationError as error:
        return Nonsense(who=who, usage=usage, text=text, problem=problem_of(error))
    return Answered(who=who, usage=usage, value=value, text=inner)


def problem_of(error: ValidationError) -> str:
    """Where the form is broken and how, in our own words and pydantic's: never what was written there."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return "the answer is not valid JSON"
    if first["type"] == "extra_forbidden":
        return "the answer has a field that the form does not have"
    place = ".".join(str(part) for part in first["loc"] if isinstance(part, str)) or "the answer"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"[:200]


def schema_text(form: type[BaseModel]) -> str:
    return json.dumps(wire_schema(form), separators=(",", ":"))
