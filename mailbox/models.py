"""How mail comes and goes: the team's mailboxes, and the messages of threads that Paitho began."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from keychain.fields import SealedBytes, SealedJSON, SealedText
from keychain.models import Credential
from leads.models import Lead
from paitho.lib.ids import uuid7


class Health(models.TextChoices):
    """Whether a mailbox may send."""

    WORKING = "working", "Working"
    PAUSED = "paused", "Paused"
    BROKEN = "broken", "Needs attention"


class Mailbox(models.Model):
    """A mailbox of the team's own, and how it may be used."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    address = SealedText()
    sender_name = SealedText()
    smtp_host = models.CharField(max_length=253)
    smtp_port = models.PositiveIntegerField(default=465)
    smtp_security = models.CharField(max_length=8, default="tls")
    imap_host = models.CharField(max_length=253)
    imap_port = models.PositiveIntegerField(default=993)
    imap_security = models.CharField(max_length=8, default="tls")
    username = SealedText()
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="mailboxes")
    health = models.CharField(max_length=8, choices=Health, default=Health.WORKING)
    problem = SealedText(null=True, blank=True)
    daily_cap = models.PositiveIntegerField(default=50)
    gap_seconds = models.PositiveIntegerField(default=60)
    is_sandbox = models.BooleanField(default=False)
    ramp_first = models.PositiveIntegerField(default=0, help_text="Mails on the first day of the ramp-up.")
    ramp_step = models.PositiveIntegerField(default=0, help_text="More mails on each day after it.")
    ramp_began = models.DateField(null=True, blank=True, help_text="None: there is no ramp-up.")
    claimed_on = models.DateField(null=True, blank=True, help_text="The day (UTC) that is counted.")
    claimed_count = models.PositiveIntegerField(default=0, help_text="Mails claimed on that day.")
    last_sent_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True, help_text="Nothing leaves before.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Troubles in a row, for the back-off.")
    paused_because = models.CharField(max_length=8, blank=True, default="", help_text="person or bounces")
    synced_at = models.DateTimeField(null=True, blank=True)
    news_at = models.DateTimeField(null=True, blank=True, help_text="The server said that there is news.")
    reading_until = models.DateTimeField(null=True, blank=True, help_text="Nobody else reads it before.")
    read_failures = models.PositiveSmallIntegerField(default=0)
    watched_until = models.DateTimeField(null=True, blank=True, help_text="Somebody waits in it (IDLE).")
    sent_read_at = models.DateTimeField(null=True, blank=True, help_text="When its Sent was looked through.")
    server_files_sent = models.BooleanField(null=True, help_text="Whether its server fills Sent by itself.")
    vendor = models.CharField(max_length=12, blank=True, default="", help_text="Whose consent opens it.")
    consent_ends_at = models.DateTimeField(null=True, blank=True)
    deliverability = SealedJSON(null=True, help_text="What its domain says to receiving servers.")
    deliverability_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "mailboxes"

    def __str__(self) -> str:
        return str(self.address)

    def cap_on(self, day: date) -> int:
        """How many mails may leave on that day: fewer while the mailbox is being ramped up."""
        if self.ramp_began is None:
            return self.daily_cap
        return min(self.daily_cap, self.ramp_first + self.ramp_step * max(0, (day - self.ramp_began).days))

    @property
    def cap_today(self) -> int:
        return self.cap_on(timezone.now().date())

    @property
    def consent_ends_soon(self) -> bool:
        """Within days somebody should agree again, before mail stops."""
        ends = self.consent_ends_at
        return ends is not None and ends - timezone.now() < timedelta(days=7)

    def claimed_on_day(self, day: date) -> int:
        return self.claimed_count if self.claimed_on == day else 0

    def has_room(self, day: date) -> bool:
        return self.claimed_on_day(day) < self.cap_on(day)

    def was_read_lately(self, since: datetime) -> bool:
        """Whether its Sent folder was looked through after `since`; without that nothing leaves."""
        return self.sent_read_at is not None and self.sent_read_at > since


class Folder(models.Model):
    """How far one folder has been read: (UIDVALIDITY, last UID), committed with each batch."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="folders")
    name = models.CharField(max_length=250)
    role = models.CharField(max_length=8, help_text="inbox, junk or sent")
    uidvalidity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)
    synced_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True, help_text="When the server last named it.")

    class Meta:
        db_table = "folders"
        constraints = [models.UniqueConstraint(fields=["mailbox", "name"], name="folders_once")]

    def __str__(self) -> str:
        return self.name


class Thread(models.Model):
    """One conversation with one lead, from one mailbox."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="threads")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="threads")
    assigned_to = models.UUIDField(null=True, blank=True)
    outcome = models.CharField(max_length=16, blank=True, default="")
    is_unread = models.BooleanField(default=False)
    last_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "threads"
        indexes = [models.Index(fields=["-last_at"], name="threads_last")]

    def __str__(self) -> str:
        return f"thread {self.pk}"


class Direction(models.TextChoices):
    OUT = "out", "Sent"
    IN = "in", "Received"


class Delivery(models.TextChoices):
    """scheduled -> sending -> sent | failed | uncertain | scheduled (deferred); any but sent -> cancelled."""

    SCHEDULED = "scheduled", "Scheduled"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNCERTAIN = "uncertain", "Uncertain"
    CANCELLED = "cancelled", "Cancelled"
    RECEIVED = "received", "Received"


class Message(models.Model):
    """A message of one of our threads, sent or received; an outgoing one is a row before it is a message."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="messages")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="messages")
    direction = models.CharField(max_length=3, choices=Direction)
    delivery = models.CharField(max_length=10, choices=Delivery)
    message_id = models.CharField(max_length=998)
    subject = SealedText()
    body = SealedText()
    raw = SealedBytes(null=True, help_text="An outgoing message's exact bytes, rendered once, at approval.")
    recipient_index = models.BinaryField(max_length=32, null=True)
    recipient_domain_index = models.BinaryField(max_length=32, null=True)
    approved_hash = models.BinaryField(max_length=32, null=True, help_text="Of what a person approved.")
    approved_by = models.UUIDField(null=True, help_text="Who approved it, or wrote and sent it by hand.")
    opt_out_hash = models.BinaryField(max_length=32, null=True)
    due_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True, help_text="The end of its sending window.")
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    answer = SealedText(null=True, help_text="What the server said.")
    looks = models.PositiveSmallIntegerField(default=0, help_text="How often it was looked for in Sent.")
    looked_at = models.DateTimeField(null=True, blank=True)
    filed_at = models.DateTimeField(null=True, blank=True, help_text="When its copy in Sent was seen.")
    kind = models.CharField(
        max_length=10, blank=True, default="", help_text="reply, bounce, auto_reply or complaint"
    )
    severity = models.CharField(max_length=8, blank=True, default="")
    returns_on = models.DateField(null=True, blank=True)
    opts_out = models.BooleanField(default=False)
    is_unreadable = models.BooleanField(default=False)
    intent = models.CharField(
        max_length=16, blank=True, default="", db_default="", help_text="What a reply wants."
    )
    intent_by = models.CharField(
        max_length=8,
        blank=True,
        default="",
        db_default="",
        help_text="Who says so: rules, model or sandbox.",
    )
    intent_tries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often a model was asked."
    )
    handled_at = models.DateTimeField(null=True, blank=True, help_text="When campaigns took note of it.")
    at = models.DateTimeField(default=timezone.now, help_text="When it was sent, or arrived.")

    class Meta:
        db_table = "messages"
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "direction", "message_id"], name="messages_once"),
            models.UniqueConstraint(fields=["opt_out_hash"], name="messages_opt_out_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="messages_due", condition=Q(delivery="scheduled")),
            models.Index(
                fields=["at"], name="messages_unhandled", condition=Q(handled_at=None, direction="in")
            ),
            models.Index(fields=["message_id"], name="messages_by_id"),
            models.Index(
                fields=["mailbox", "due_at"], name="messages_next", condition=Q(delivery="scheduled")
            ),
            models.Index(
                fields=["mailbox", "at"],
                name="messages_unsettled",
                condition=Q(direction="out", filed_at=None, delivery__in=["sent", "sending", "uncertain"]),
            ),
            models.Index(
                fields=["at"],
                name="messages_unlabelled",
                condition=Q(direction="in", kind="reply", intent_by=""),
            ),
        ]

    def __str__(self) -> str:
        return self.message_id


class MessageAlias(models.Model):
    """Another Message-ID of an outgoing message: some servers rewrite it (learned from the Sent copy)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    original = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="aliases")
    message_id = models.CharField(max_length=998, unique=True)

    class Meta:
        db_table = "message_aliases"

    def __str__(self) -> str:
        return self.message_id


class SendingSwitch(models.Model):
    """The workspace's one pause switch for everything that sends; one row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    is_paused = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True, default="")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "sending_switch"

    def __str__(self) -> str:
        return "paused" if self.is_paused else "sending"
