"""What operators state in public: changes, sub-processors, standards, researchers."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

NOTICE_DAYS = 30


def today() -> date:
    """The day by UTC, which is the one that periods are counted in."""
    return timezone.now().date()


class Entry(models.Model):
    """One entry of the changelog; a draft until it is published, and then it stays."""

    class Kind(models.TextChoices):
        PRODUCT = "product", "Product"
        SECURITY = "security", "Security"
        SUB_PROCESSOR = "sub_processor", "Sub-processor"
        NOTICE = "notice", "Notice"

    slug = models.SlugField(max_length=80, unique=True, help_text="The last part of its address.")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.PRODUCT)
    title = models.CharField(max_length=140)
    body = models.TextField(help_text="Plain paragraphs; an empty line between two, `- ` before an item.")
    published_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is a draft.")
    told_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "changelog_entries"
        ordering = ["-published_at", "-pk"]
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["-published_at"], name="changelog_newest")]

    def __str__(self) -> str:
        return self.title


class SubProcessor(models.Model):
    """One version of one vendor's part: a change is a new row, announced 30 days before it takes effect.

    The database keeps that (constraints below; the trigger of migration 0002 sets `announced_on`, refuses to
    rewrite what was announced, and refuses an end with less notice).
    """

    name = models.CharField(max_length=80, help_text="The service as the page lists it, as in `Hosting`.")
    vendor = models.CharField(max_length=120, help_text="Who it is; say so if it is not chosen yet.")
    used_for = models.CharField(max_length=200)
    note = models.CharField(max_length=200, blank=True)
    is_yours = models.BooleanField("the customer's own account", default=False)
    is_founding = models.BooleanField(default=False, editable=False, help_text="On the list from the start.")
    position = models.PositiveSmallIntegerField(default=100)
    announced_on = models.DateField(default=today, editable=False)
    effective_on = models.DateField(help_text=f"At least {NOTICE_DAYS} days after it is announced.")
    end_announced_on = models.DateField(null=True, blank=True, editable=False)
    ends_on = models.DateField(null=True, blank=True, help_text="The day on which it is no longer used.")
    posted_in = models.ForeignKey(
        Entry, on_delete=models.PROTECT, null=True, blank=True, related_name="posts"
    )
    end_posted_in = models.ForeignKey(
        Entry, on_delete=models.PROTECT, null=True, blank=True, related_name="ends"
    )

    class Meta:
        db_table = "sub_processors"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="sub_processors_notice_of_30_days",
                condition=Q(is_founding=True)
                | Q(effective_on__gte=F("announced_on") + timedelta(days=NOTICE_DAYS)),
            ),
            models.CheckConstraint(
                name="sub_processors_posted_in_the_changelog",
                condition=Q(is_founding=True) | Q(posted_in__isnull=False),
            ),
            models.CheckConstraint(
                name="sub_processors_an_end_is_posted",
                condition=Q(ends_on__isnull=True)
                | Q(end_posted_in__isnull=False, end_announced_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.vendor}"

    def is_in_use(self, today: date) -> bool:
        return self.effective_on <= today and (self.ends_on is None or today < self.ends_on)


class Standing(models.Model):
    """Where we are with one standard, and the day on which that was last looked at."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        IN_PROGRESS = "in_progress", "In progress"
        AVAILABLE = "available", "Available"
        COMPLIANT = "compliant", "Compliant"
        ATTESTED = "attested", "Attested"
        NOT_CERTIFIED = "not_certified", "Not certified"

    name = models.CharField(max_length=60, unique=True)
    state = models.CharField(max_length=16, choices=State)
    text = models.TextField()
    target = models.CharField(max_length=40, blank=True, help_text="As it is said: `Q3 2026`.")
    target_ends_on = models.DateField(null=True, blank=True, help_text="The last day of the target.")
    attested_on = models.DateField(null=True, blank=True)
    attested_by = models.CharField(max_length=120, blank=True)
    checked_on = models.DateField(help_text="When this statement was last looked at.")
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "standings"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="standings_no_badge_unearned",
                condition=~Q(state="attested") | (Q(attested_on__isnull=False) & ~Q(attested_by="")),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Researcher(models.Model):
    """Someone who reported a weakness; shown only with their consent."""

    name = models.CharField(max_length=120)
    url = models.URLField(blank=True)
    found = models.CharField(max_length=200, help_text="What was found, in one line.")
    reported_on = models.DateField()
    acknowledged_on = models.DateField(null=True, blank=True)
    fixed_on = models.DateField(null=True, blank=True)
    consented_at = models.DateTimeField(
        null=True, blank=True, help_text="When they agreed to be named; empty: they are not shown."
    )
    entry = models.ForeignKey(Entry, on_delete=models.SET_NULL, null=True, blank=True, related_name="credits")

    class Meta:
        db_table = "researchers"
        ordering = ["-reported_on", "-pk"]

    def __str__(self) -> str:
        return self.name
