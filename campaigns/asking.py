"""From rows to one call of a model: the facts, the prompt, the key. Nothing here touches the network."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from campaigns.answers import AuditAnswer, DraftAnswer, Form, Qualification
from campaigns.facts import Claim, Facts
from campaigns.facts import Draft as DraftText
from campaigns.llm import Provider
from campaigns.llm.edge import Call
from campaigns.models import Campaign, Draft, Enrollment, Stage
from campaigns.prompting import Prompt, prompt_for
from campaigns.prompting import Stage as PromptStage
from keychain.actions import use
from keychain.models import Credential
from mailbox.models import Delivery, Direction, Health, Mailbox, Message

MAX_TOKENS = {Stage.QUALIFYING: 600, Stage.DRAFTING: 2000, Stage.AUDITING: 1500}
SCHEMAS: dict[Stage, type[Form]] = {
    Stage.QUALIFYING: Qualification,
    Stage.DRAFTING: DraftAnswer,
    Stage.AUDITING: AuditAnswer,
}
ANSWER_SECONDS = 60.0  # for one whole answer
MODELS = {Provider.SANDBOX: "templates"}


@dataclass(frozen=True, slots=True)
class Question:
    """A call that is ready to be asked, and what its outcome is for; `key` is whose pace it keeps."""

    enrollment: Enrollment
    stage: Stage
    key: UUID
    facts: Facts
    prompt: Prompt
    call: Call


class Campaigns:
    """Campaigns as they were first read, with what a call needs of them: opened once for many leads."""

    def __init__(self) -> None:
        self._read: dict[UUID, Campaign] = {}

    def among(self, ids: set[UUID]) -> dict[UUID, Campaign]:
        if unread := ids - self._read.keys():
            rows = Campaign.objects.filter(pk__in=unread).select_related("writer", "auditor")
            self._read |= {each.pk: each for each in rows.prefetch_related("mailboxes", "steps")}
        return self._read


def questions(ids: list[UUID], campaigns: Campaigns) -> list[Question]:
    """The calls that the enrollments' stages ask for; the rows around them are read in a few queries."""
    rows = Enrollment.objects.filter(pk__in=ids).select_related("lead", "thread__mailbox")
    found = list(rows.prefetch_related("drafts"))
    read = campaigns.among({enrollment.campaign_id for enrollment in found})
    for enrollment in found:
        enrollment.campaign = read[enrollment.campaign_id]
    return [question(enrollment) for enrollment in found]


def question(enrollment: Enrollment) -> Question:
    """The call that the enrollment's stage asks for."""
    stage = Stage(enrollment.stage)
    campaign = enrollment.campaign
    facts = facts_of(enrollment, with_draft=stage is Stage.AUDITING)
    prompt = prompt_for(_prompt_stage(stage, enrollment), facts)
    credential, model = _voice(campaign, stage)
    provider = Provider(credential.kind)
    call = Call(
        provider=provider,
        key=use(credential),
        endpoint=credential.endpoint,
        model=model or MODELS.get(provider, ""),
        system=prompt.system,
        prompt=prompt.user,
        schema=SCHEMAS[stage],
        max_output_tokens=MAX_TOKENS[stage],
        timeout=ANSWER_SECONDS,
        facts=facts,
    )
    return Question(enrollment, stage, credential.pk, facts, prompt, call)


def _prompt_stage(stage: Stage, enrollment: Enrollment) -> PromptStage:
    if stage is Stage.QUALIFYING:
        return PromptStage.QUALIFY
    if stage is Stage.AUDITING:
        return PromptStage.AUDIT
    return PromptStage.FOLLOWUP if enrollment.step > 1 else PromptStage.DRAFT


def _voice(campaign: Campaign, stage: Stage) -> tuple[Credential, str]:
    """Who is asked: the auditor for the audit where there is one, else the writer."""
    if stage is Stage.AUDITING and campaign.auditor is not None:
        return campaign.auditor, campaign.auditor_model
    assert campaign.writer is not None
    return campaign.writer, campaign.writer_model


def facts_of(enrollment: Enrollment, *, with_draft: bool = False) -> Facts:
    """What a model is told: the lead's fields, the brief's lines, who writes, and our earlier mails."""
    campaign = enrollment.campaign
    profile = enrollment.lead.profile
    custom = profile.get("custom") or {}
    lead = {name: str(value) for name, value in profile.items() if name != "custom"}
    lead |= {name: str(value) for name, value in custom.items()}
    draft = latest_draft(enrollment) if with_draft else None
    mailbox = mailbox_of(enrollment)
    return Facts(
        lead=lead,
        brief=brief_lines(campaign, enrollment.step, enrollment.variant),
        sender={"name": str(mailbox.sender_name)} if mailbox else {},
        links=tuple(campaign.brief.get("allowed_links", [])),
        earlier=tuple(_earlier(enrollment)),
        note=_note(enrollment),
        draft=text_of(draft) if draft else None,
    )


def brief_lines(campaign: Campaign, step: int, variant: str = "a") -> tuple[str, ...]:
    """The offer and the goal, line by line, what the step asks for, and the tone."""
    brief = campaign.brief | (campaign.brief_b or {}) if variant == "b" else campaign.brief
    lines = [*str(brief.get("offer", "")).splitlines(), *str(brief.get("goal", "")).splitlines()]
    for found in campaign.steps.all():
        if found.number == step and found.instructions:
            lines.extend(str(found.instructions).splitlines())
    if brief.get("tone"):
        lines.append(f"Tone: {brief['tone']}")
    return tuple(line.strip() for line in lines if line.strip())


def latest_draft(enrollment: Enrollment) -> Draft | None:
    drafts = [draft for draft in enrollment.drafts.all() if draft.step == enrollment.step]
    return max(drafts, key=lambda draft: draft.version, default=None)


def text_of(draft: Draft) -> DraftText:
    claims = tuple(Claim(each["start"], each["end"], tuple(each["sources"])) for each in draft.sentences)
    return DraftText(draft.subject, draft.body, claims)


def mailbox_of(enrollment: Enrollment) -> Mailbox | None:
    """The thread's mailbox, or one of the campaign's: the leads are spread evenly over those that work."""
    if enrollment.thread is not None:
        return enrollment.thread.mailbox
    every = sorted(enrollment.campaign.mailboxes.all(), key=lambda mailbox: mailbox.pk)
    mailboxes = [mailbox for mailbox in every if mailbox.health == Health.WORKING] or every
    return mailboxes[enrollment.lead_id.int % len(mailboxes)] if mailboxes else None


def _earlier(enrollment: Enrollment) -> list[str]:
    if enrollment.thread is None:
        return []
    sent = Message.objects.filter(
        thread=enrollment.thread, direction=Direction.OUT, delivery=Delivery.SENT
    ).order_by("at")
    return [message.body for message in sent]


def _note(enrollment: Enrollment) -> str:
    before = latest_draft(enrollment)
    return str(before.note or "") if before else ""
