"""The parts of a provider's reply that are read. Everything else in it is dropped here, unseen."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from campaigns.llm import Provider
from campaigns.llm.outcomes import BadRequest, Nonsense, Outcome, Reason, Unavailable

Tokens = Annotated[int, Field(ge=0, le=10**9)]


class Body(BaseModel):
    """Unknown fields are ignored: providers add some every month."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


B = TypeVar("B", bound=Body)


def parse(body: bytes, shape: type[B]) -> B | None:
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        return None


def unreadable(provider: Provider, who: str, body: bytes) -> Outcome:
    """A 200 whose body is not the provider's: a web page, or a reply that was cut on the way."""
    if body.lstrip()[:1] == b"<":
        if provider is Provider.COMPATIBLE:
            return BadRequest(who=who, reason=Reason.BAD_ENDPOINT)
        return Unavailable(who=who, status=200)
    return Nonsense(who=who, problem="its reply was cut off or is not in its usual format")
