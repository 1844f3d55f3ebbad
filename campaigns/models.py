"""Why we write: campaigns, who is enrolled, drafts and their approval, and each call to a model."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from keychain.fields import SealedJSON, SealedText
from keychain.models import Credential
from leads.models import Lead
from mailbox.models import Mailbox, Message, Thread
from paitho.lib.ids import uuid7
from tenants.models import Purpose


class Status(models.TextChoices):
    """draft -> running <-> paused -> finished; any -> stopped."""

    DRAFT = "draft", "Draft"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    FINISHED = "finished", "Finished"
    STOPPED = "stopped", "Stopped"


class Campaign(models.Model):
    """A goal, an offer, an audience, the mailboxes that write, and the limits of it all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    brief = SealedJSON(default=dict, help_text="goal, offer, tone, allowed_links, disclosure, legal_basis")
    brief_b = SealedJSON(null=True, help_text="goal, offer, tone of the other half, where two are compared.")
    audience = models.JSONField(default=dict, help_text="{label}: a list's or tag's id; {} is everyone open.")
    writer = models.ForeignKey(Credential, on_delete=models.PROTECT, null=True, related_name="+")
    writer_model = models.CharField(max_length=80, blank=True, default="")
    auditor = models.ForeignKey(Credential, on_delete=models.PROTECT, null=True, related_name="+")
    auditor_model = models.CharField(max_length=80, blank=True, default="")
    mailboxes = models.ManyToManyField(Mailbox, related_name="campaigns", db_table="campaign_mailboxes")
    schedule = models.JSONField(default=dict, help_text="days, from, until, zone, holidays")
    daily_cap = models.PositiveIntegerField(default=200)
    day_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="When the day that is counted ends: midnight where the sender is."
    )
    claimed_count = models.PositiveIntegerField(default=0, help_text="Mails claimed on that day.")
    budget_micros = models.BigIntegerField(
        null=True, help_text="Cap on model spending, in millionths of a US dollar."
    )
    token_budget = models.BigIntegerField(null=True, help_text="Cap on tokens read and written.")
    problem = models.CharField(max_length=300, blank=True, default="")
    resumes_at = models.DateTimeField(
        null=True, blank=True, help_text="When a pause by the month's limit ends by itself."
    )
    stops_company = models.BooleanField(default=True)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    launched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "campaigns"

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """The first mail (number 1, no wait) or a follow-up after `wait_days` without an answer."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    wait_days = models.PositiveSmallIntegerField(default=0)
    instructions = SealedText(default="")

    class Meta:
        db_table = "steps"
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="steps_once")]

    def __str__(self) -> str:
        return f"step {self.number}"


class Stage(models.TextChoices):
    """Where an enrolled lead is; `FOLLOWS` in campaigns.stages holds the legal moves."""

    ENROLLED = "enrolled", "Enrolled"
    QUALIFYING = "qualifying", "Qualifying"
    DISQUALIFIED = "disqualified", "Not a fit"
    DRAFTING = "drafting", "Drafting"
    AUDITING = "auditing", "Auditing"
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    SCHEDULED = "scheduled", "Scheduled"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    UNCERTAIN = "uncertain", "Uncertain"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"


WHY_STOPPED = {
    "replied": "They answered.",
    "company_replied": "A colleague of theirs answered.",
    "bounced": "Their address does not take mail.",
    "opted_out": "They do not want to be written to.",
    "suppressed": "Their address or its domain is on the suppression list.",
    "rejected": "The draft was rejected in review.",
    "campaign": "The campaign was stopped.",
    "erased": "Their data was erased.",
}


class Enrollment(models.Model):
    """One lead in one campaign: its stage, the step it is at, and when it is due."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="enrollments")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="enrollments")
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.ENROLLED)
    step = models.PositiveSmallIntegerField(default=1)
    variant = models.CharField(
        max_length=1, default="a", db_default="a", help_text="Which of the campaign's two briefs."
    )
    thread = models.ForeignKey(Thread, on_delete=models.SET_NULL, null=True, related_name="enrollments")
    fit = models.CharField(max_length=8, blank=True, default="")
    fit_reason = SealedText(null=True)
    stop_reason = models.CharField(max_length=16, blank=True, default="")
    problem = models.CharField(max_length=300, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now, null=True, help_text="None: nothing is due.")
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "enrollments"
        constraints = [models.UniqueConstraint(fields=["campaign", "lead"], name="enrollments_once")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="enrollments_due",
                condition=Q(stage__in=["enrolled", "qualifying", "drafting", "auditing", "sent"]),
            ),
            models.Index(fields=["campaign", "stage"], name="enrollments_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} step {self.step}"

    @property
    def why(self) -> str:
        """What keeps the lead where it is, in words."""
        return self.problem or WHY_STOPPED.get(self.stop_reason, "")


class Verdict(models.TextChoices):
    """in_review -> approved -> (edited) in_review; in_review -> rejected | superseded."""

    PENDING = "pending", "Being checked"
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    SUPERSEDED = "superseded", "Superseded"


class Draft(models.Model):
    """One email that might be sent: text, the source of each factual sentence, findings, approval."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(Enrollment, on_delete=models.CASCADE, related_name="drafts")
    step = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField(default=1)
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.PENDING)
    subject = SealedText()
    body = SealedText()
    sentences = SealedJSON(default=list, help_text="[{text, source}] as the writer answered")
    findings = SealedJSON(default=list, help_text="[{kind, quote, explanation, start, end, by}]")
    is_clean = models.BooleanField(default=False)
    note = SealedText(null=True, help_text="What a person asked for when regenerating.")
    written = SealedJSON(null=True, help_text="{subject, body} as the model wrote them, once a person edits.")
    edited_by = models.UUIDField(null=True, help_text="Who wrote this version, where a person did.")
    approved_hash = models.BinaryField(max_length=32, null=True)
    approved_by = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    message = models.OneToOneField(Message, on_delete=models.SET_NULL, null=True, related_name="draft")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "drafts"
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "step", "version"], name="drafts_once"),
            models.UniqueConstraint(
                fields=["enrollment", "step"], condition=Q(verdict="approved"), name="drafts_one_approved"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="drafts_queue", condition=Q(verdict="in_review"))]

    def __str__(self) -> str:
        return f"draft {self.pk}"


READING = ("reading", "Reading a reply")  # a call that belongs to no stage of a lead


class StageRun(models.Model):
    """One call to a model: who was asked what, what it cost, and the texts until they are 90 days old."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.SET_NULL, null=True, related_name="stage_runs"
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.SET_NULL, null=True, related_name="stage_runs")
    stage = models.CharField(max_length=12, choices=[*Stage.choices, READING])
    provider = models.CharField(max_length=12)
    model = models.CharField(max_length=80)
    prompt_name = models.CharField(max_length=40)
    prompt = SealedText(null=True, purpose=Purpose.LLM)
    response = SealedText(null=True, purpose=Purpose.LLM)
    input_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost_micros = models.BigIntegerField(null=True)
    latency_ms = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=16)
    at = models.DateTimeField(default=timezone.now)
    anonymised_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "stage_runs"
        indexes = [models.Index(fields=["at"], name="stage_runs_at")]

    def __str__(self) -> str:
        return f"{self.stage} {self.at:%Y-%m-%d %H:%M}"


class ReplyReader(models.Model):
    """Whether a model of the workspace's own may say what a reply wants, and which; one row, else off."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    is_on = models.BooleanField(default=False)
    key = models.ForeignKey(Credential, on_delete=models.SET_NULL, null=True, related_name="+")
    model = models.CharField(max_length=80, blank=True, default="")
    on_since = models.DateTimeField(null=True, help_text="Replies that came before are left alone.")
    changed_by = models.UUIDField(null=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "reply_readers"

    def __str__(self) -> str:
        return "reading replies" if self.is_on else "not reading replies"


class SpendingLimit(models.Model):
    """What the workspace's models may cost in a calendar month (UTC), all campaigns together; one row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    monthly_micros = models.BigIntegerField(null=True, help_text="In millionths of a US dollar.")
    monthly_tokens = models.BigIntegerField(null=True)
    changed_by = models.UUIDField(null=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "spending_limits"

    def __str__(self) -> str:
        return "spending limit"
