"""What can come of a call to a model: frozen values with a sentence that is safe to show.

No sentence holds a key, a prompt or a provider's own words: providers quote keys and prompts back.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as billed. `cached` is the part of `input` read from a cache, `cache_written` the part
    stored there; `reasoning` is the part of `output` that was thinking."""

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    cache_written: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one call. `who` names the provider in a sentence; `usage` is what was paid.

    `may_retry`: the same call may succeed later without a person. `stops_key`: every call with this
    key would end the same way until a person acts.
    """

    who: str
    model: str = ""
    usage: Usage = NO_USAGE
    latency_ms: int = 0

    may_retry: ClassVar[bool] = False
    stops_key: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """A stable word for the record, such as `rate_limited`."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in type(self).__name__).lstrip("_")

    @property
    def sentence(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Outcome):
    value: BaseModel = field(repr=False)
    text: str = field(repr=False)

    @property
    def sentence(self) -> str:
        return f"{self.who} answered."


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOk(Outcome):
    models: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        many = len(self.models)
        return f"{self.who} accepts this key and offers {many} {'model' if many == 1 else 'models'}."


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedContent(Outcome):
    """The model or the provider's filter declined; `text` is what the model said, if anything."""

    text: str = field(default="", repr=False)

    @property
    def sentence(self) -> str:
        return (
            f"{self.who} declined to write this. Look at the lead's data and the brief, or try another model."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BadKey(Outcome):
    """`known`: the provider knows the key but does not let it do this."""

    known: bool = False

    stops_key: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        if self.known:
            return f"{self.who} knows this key but does not allow this. Check the key's permissions there."
        return f"{self.who} does not accept this key. Check it, or enter a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCredit(Outcome):
    stops_key: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        return (
            f"{self.who}: the account behind this key has no credit left, or has reached its spending limit. "
            "Add credit or raise the limit there, then resume."
        )


def _wait(seconds: float | None) -> str:
    if seconds is None:
        return "Paitho tries again by itself."
    if seconds < 90:
        whole = max(1, round(seconds))
        return f"Paitho tries again by itself in {whole} {'second' if whole == 1 else 'seconds'}."
    if seconds < 5400:
        return f"Paitho tries again by itself in {round(seconds / 60)} minutes."
    return f"Paitho tries again by itself in {round(seconds / 3600)} hours."


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimited(Outcome):
    """`retry_after` in seconds, where the provider said so."""

    retry_after: float | None = None

    may_retry: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        return f"{self.who} limits how fast this key may ask. {_wait(self.retry_after)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overloaded(Outcome):
    retry_after: float | None = None

    may_retry: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        return f"{self.who} is overloaded at the moment. {_wait(self.retry_after)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable(Outcome):
    """No answer worth the name; `status` is the HTTP status, or None if the line broke."""

    status: int | None = None
    retry_after: float | None = None

    may_retry: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        what = f"answered with an error ({self.status})" if self.status else "could not be reached"
        return f"{self.who} {what}. {_wait(self.retry_after)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut(Outcome):
    """The call was sent and may have been billed; no answer came in time."""

    after: float = 0.0

    may_retry: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        unit = "second" if self.after == 1 else "seconds"
        within = f" within {self.after:g} {unit}" if self.after else " in time"
        return f"{self.who} did not answer{within}. Paitho tries again by itself."


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated(Outcome):
    text: str = field(default="", repr=False)

    @property
    def sentence(self) -> str:
        return (
            f"{self.who} stopped at the length limit before the answer was complete. "
            "Choose a model that thinks less, or shorten the brief."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonsense(Outcome):
    """An answer that is not the form; `problem` names the field, never the content."""

    text: str = field(default="", repr=False)
    problem: str = ""

    @property
    def sentence(self) -> str:
        return (
            f"{self.who} did not answer in the form asked for ({self.problem}). A person has to look at it."
        )


class Reason(StrEnum):
    UNKNOWN_MODEL = "unknown_model"
    TOO_LONG = "too_long"
    NOT_HERE = "not_here"
    BAD_ENDPOINT = "bad_endpoint"
    NO_SANDBOX = "no_sandbox"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRequest(Outcome):
    """The provider understood the key but not the call: a setting is wrong, and a retry is useless."""

    reason: Reason = Reason.OTHER
    status: int | None = None

    @property
    def sentence(self) -> str:
        return _BAD_REQUESTS[self.reason].format(
            who=self.who, model=self.model or "asked for", status=f" ({self.status})" if self.status else ""
        )


_BAD_REQUESTS = {
    Reason.UNKNOWN_MODEL: "{who} does not offer the model {model} to this key. Choose another model.",
    Reason.TOO_LONG: "{who}: the text is longer than the model {model} can read. Shorten the brief.",
    Reason.NOT_HERE: "{who} does not serve this account or this region. Choose another provider.",
    Reason.BAD_ENDPOINT: "{who} cannot be used. Check its address: https, reachable, OpenAI-compatible.",
    Reason.NO_SANDBOX: "{who}: this installation has none. Choose a provider and enter its key.",
    Reason.OTHER: "{who} did not accept the request{status}. Check the model, or choose another.",
}
