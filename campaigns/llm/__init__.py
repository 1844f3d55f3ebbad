"""The way to a language model. This package is light: an SDK loads at the first call, in a worker."""

from enum import StrEnum


class Provider(StrEnum):
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GOOGLE = "google"
    COMPATIBLE = "compatible"
    SANDBOX = "sandbox"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def asks_a_model(self) -> bool:
        """False for the sandbox, whose texts come from templates; pages have to say so."""
        return self is not Provider.SANDBOX


_LABELS = {
    Provider.OPENAI: "OpenAI",
    Provider.ANTHROPIC: "Anthropic",
    Provider.GOOGLE: "Google",
    Provider.COMPATIBLE: "Your own endpoint",
    Provider.SANDBOX: "Sandbox",
}
