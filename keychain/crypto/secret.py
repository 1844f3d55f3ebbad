"""A value that is opened last and goes nowhere: it will not print, log, pickle or travel."""

import hmac
from typing import NoReturn, Self, final

MASK = "Secret(…)"


@final
class Secret:
    """Text or bytes behind a mask. Only `reveal` and `reveal_bytes` give it out.

    Copies are the same object, so `dataclasses.asdict` keeps the mask. Two secrets compare in
    constant time; a secret is never equal to plain text, and has no hash.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # a hash would tell equal secrets apart from others

    def __init__(self, value: str | bytes) -> None:
        held = _encoded(value) if isinstance(value, str) else value
        if not isinstance(held, bytes):
            del value, held  # a frame of a traceback shows its variables
            raise TypeError("A Secret is made of text (that UTF-8 can hold) or bytes.")
        self._value = held

    def reveal(self) -> str:
        """The value as text. ValueError if it is bytes that are not UTF-8."""
        text = _decoded(self._value)
        if text is None:
            raise ValueError("This secret is not text.")
        return text

    def reveal_bytes(self) -> bytes:
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return self._value != b""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __getstate__(self) -> NoReturn:
        raise TypeError("A Secret is not serialised.")


# The errors of these two calls carry the whole value with them, so they end here.


def _encoded(text: str) -> bytes | None:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def _decoded(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
