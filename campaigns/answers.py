"""The forms a model has to fill in. What does not fit a form is not an answer."""

import unicodedata
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from campaigns.facts import Claim, Draft
from mailbox.intents import Intent

MAX_BODY = 6_000

_REFUSED = {"Cc": "a control character", "Cs": "half a character", "Zl": "a line break", "Zp": "a line break"}


def _one_line(text: str) -> str:
    """Refuse blank text and every control character, line breaks included."""
    if not text.strip():
        raise ValueError("must not be blank")
    for character in text:
        if problem := _REFUSED.get(unicodedata.category(character)):
            raise ValueError(f"must not contain {problem}")
    return text


Subject = Annotated[str, StringConstraints(min_length=1, max_length=150), AfterValidator(_one_line)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=600), AfterValidator(_one_line)]
SourceName = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(_one_line)]


class Form(BaseModel):
    """A closed form: no unknown field, no coercion, no change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Fit(StrEnum):
    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class Qualification(Form):
    """Whether this lead is worth a mail, from the facts alone."""

    fit: Fit
    reason: Words = Field(description="One or two sentences for a colleague, naming the facts it rests on.")


class Sentence(Form):
    """One sentence, and what it rests on."""

    text: Words = Field(description="One sentence as it will be read, or a greeting or closing line.")
    sources: list[SourceName] = Field(
        max_length=6,
        description="Names of the facts this sentence states, such as lead.company or brief.2. "
        "Empty only for a sentence that states no fact.",
    )


class Paragraph(Form):
    sentences: list[Sentence] = Field(min_length=1, max_length=12)


class DraftAnswer(Form):
    """A mail: its paragraphs in order, its sentences in order, each with its sources."""

    subject: Subject
    paragraphs: list[Paragraph] = Field(min_length=1, max_length=12)

    @model_validator(mode="after")
    def _fits_a_mail(self) -> Self:
        if len(self.draft().body) > MAX_BODY:
            raise ValueError(f"the body is longer than {MAX_BODY} characters")
        return self

    def draft(self) -> Draft:
        """The exact text: sentences joined by a space, paragraphs by an empty line; claims by offset."""
        body, claims = "", []
        for number, paragraph in enumerate(self.paragraphs):
            for place, sentence in enumerate(paragraph.sentences):
                body += " " if place else "\n\n" if number else ""
                text = sentence.text.strip()
                claims.append(Claim(len(body), len(body) + len(text), tuple(sentence.sources)))
                body += text
        return Draft(self.subject.strip(), body, tuple(claims))


class ReplyReading(Form):
    """What a reply wants: one word of a closed list, and nothing that anybody could act on."""

    intent: Intent


class Verdict(StrEnum):
    CLEAN = "clean"
    FINDINGS = "findings"


class FindingKind(StrEnum):
    UNSUPPORTED_CLAIM = "unsupported_claim"
    TONE = "tone"
    FORBIDDEN = "forbidden"
    INJECTION = "injection"
    OTHER = "other"


class AuditFinding(Form):
    kind: FindingKind
    quote: Words = Field(description="The exact words of the mail that are wrong.")
    explanation: Words = Field(description="One sentence: what is wrong with them.")


class AuditAnswer(Form):
    """A second reader's verdict. A verdict that contradicts its own findings is no verdict."""

    verdict: Verdict
    findings: list[AuditFinding] = Field(max_length=20)

    @model_validator(mode="after")
    def _verdict_matches_findings(self) -> Self:
        if (self.verdict is Verdict.CLEAN) == bool(self.findings):
            raise ValueError("the verdict contradicts the findings")
        return self
