"""Expand: the tables of the public site, in the directory."""

import datetime as dt

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.db import migrations, models

import paitho.lib.ids
import trust.models.stated


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0002_directory_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ComponentState",
            fields=[
                (
                    "component",
                    models.CharField(
                        choices=[
                            ("web", "Web pages"),
                            ("database", "Database"),
                            ("redis", "Queue store"),
                            ("workers", "Workers"),
                            ("queue", "Background work"),
                            ("sync", "Reading mail"),
                            ("send", "Sending mail"),
                            ("kms", "Key management"),
                        ],
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("operational", "Operational"),
                            ("degraded", "Degraded"),
                            ("outage", "Outage"),
                        ],
                        max_length=12,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=160)),
                ("probed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "component_states",
            },
        ),
        migrations.CreateModel(
            name="DpaRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("wrapped", models.BinaryField()),
                ("kms", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "sent_at",
                    models.DateTimeField(
                        blank=True, help_text="When it was passed on to us by mail.", null=True
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "dpa_requests",
            },
        ),
        migrations.CreateModel(
            name="PostureRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.CharField(blank=True, max_length=40)),
                ("workspace", models.CharField(blank=True, max_length=31)),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("proved", models.PositiveSmallIntegerField(default=0)),
                ("failed", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "db_table": "posture_runs",
                "ordering": ["-started_at"],
            },
        ),
        migrations.CreateModel(
            name="Subscriber",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("wrapped", models.BinaryField()),
                ("kms", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "address_hash",
                    models.BinaryField(help_text="Keyed: one subscription per address.", unique=True),
                ),
                ("token_hash", models.BinaryField(unique=True)),
                ("wants_changes", models.BooleanField(default=True)),
                ("wants_status", models.BooleanField(default=False)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "subscribers",
            },
        ),
        migrations.CreateModel(
            name="WorkspaceSearch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("wrapped", models.BinaryField()),
                ("kms", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "after",
                    models.CharField(
                        blank=True, help_text="The slug up to which it has looked.", max_length=31
                    ),
                ),
                (
                    "found",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=31), default=list, size=None
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "workspace_searches",
            },
        ),
        migrations.CreateModel(
            name="ComponentDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "component",
                    models.CharField(
                        choices=[
                            ("web", "Web pages"),
                            ("database", "Database"),
                            ("redis", "Queue store"),
                            ("workers", "Workers"),
                            ("queue", "Background work"),
                            ("sync", "Reading mail"),
                            ("send", "Sending mail"),
                            ("kms", "Key management"),
                        ],
                        max_length=16,
                    ),
                ),
                ("day", models.DateField()),
                ("operational", models.PositiveIntegerField(default=0)),
                ("degraded", models.PositiveIntegerField(default=0)),
                ("outage", models.PositiveIntegerField(default=0)),
            ],
            options={
                "db_table": "component_days",
                "constraints": [
                    models.UniqueConstraint(fields=("component", "day"), name="component_days_one_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "slug",
                    models.SlugField(help_text="The last part of its address.", max_length=80, unique=True),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("product", "Product"),
                            ("security", "Security"),
                            ("sub_processor", "Sub-processor"),
                            ("notice", "Notice"),
                        ],
                        default="product",
                        max_length=16,
                    ),
                ),
                ("title", models.CharField(max_length=140)),
                (
                    "body",
                    models.TextField(
                        help_text="Plain paragraphs; an empty line between two, `- ` before an item."
                    ),
                ),
                (
                    "published_at",
                    models.DateTimeField(blank=True, help_text="Empty while it is a draft.", null=True),
                ),
                ("told_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name_plural": "entries",
                "db_table": "changelog_entries",
                "ordering": ["-published_at", "-pk"],
                "indexes": [models.Index(fields=["-published_at"], name="changelog_newest")],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=140)),
                (
                    "impact",
                    models.CharField(
                        choices=[("degraded", "Degraded"), ("outage", "Outage"), ("security", "Security")],
                        default="degraded",
                        max_length=12,
                    ),
                ),
                (
                    "components",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("web", "Web pages"),
                                ("database", "Database"),
                                ("redis", "Queue store"),
                                ("workers", "Workers"),
                                ("queue", "Background work"),
                                ("sync", "Reading mail"),
                                ("send", "Sending mail"),
                                ("kms", "Key management"),
                            ],
                            max_length=16,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "incidents",
                "ordering": ["-started_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("resolved_at__isnull", True),
                            ("resolved_at__gte", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="incidents_end_after_they_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentUpdate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("investigating", "Investigating"),
                            ("identified", "Identified"),
                            ("monitoring", "Monitoring"),
                            ("resolved", "Resolved"),
                        ],
                        default="investigating",
                        max_length=16,
                    ),
                ),
                ("text", models.TextField()),
                ("told_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="updates",
                        to="trust.incident",
                    ),
                ),
            ],
            options={
                "db_table": "incident_updates",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Maintenance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=140)),
                ("text", models.TextField()),
                (
                    "components",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("web", "Web pages"),
                                ("database", "Database"),
                                ("redis", "Queue store"),
                                ("workers", "Workers"),
                                ("queue", "Background work"),
                                ("sync", "Reading mail"),
                                ("send", "Sending mail"),
                                ("kms", "Key management"),
                            ],
                            max_length=16,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name": "maintenance window",
                "db_table": "maintenance_windows",
                "ordering": ["-starts_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="maintenance_windows_end_after_they_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Researcher",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("url", models.URLField(blank=True)),
                ("found", models.CharField(help_text="What was found, in one line.", max_length=200)),
                ("reported_on", models.DateField()),
                ("acknowledged_on", models.DateField(blank=True, null=True)),
                ("fixed_on", models.DateField(blank=True, null=True)),
                (
                    "consented_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When they agreed to be named; empty: they are not shown.",
                        null=True,
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="credits",
                        to="trust.entry",
                    ),
                ),
            ],
            options={
                "db_table": "researchers",
                "ordering": ["-reported_on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("in_progress", "In progress"),
                            ("available", "Available"),
                            ("compliant", "Compliant"),
                            ("attested", "Attested"),
                            ("not_certified", "Not certified"),
                        ],
                        max_length=16,
                    ),
                ),
                ("text", models.TextField()),
                (
                    "target",
                    models.CharField(blank=True, help_text="As it is said: `Q3 2026`.", max_length=40),
                ),
                (
                    "target_ends_on",
                    models.DateField(blank=True, help_text="The last day of the target.", null=True),
                ),
                ("attested_on", models.DateField(blank=True, null=True)),
                ("attested_by", models.CharField(blank=True, max_length=120)),
                ("checked_on", models.DateField(help_text="When this statement was last looked at.")),
                ("position", models.PositiveSmallIntegerField(default=100)),
            ],
            options={
                "db_table": "standings",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "attested"), _negated=True),
                            models.Q(
                                ("attested_on__isnull", False), models.Q(("attested_by", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="standings_no_badge_unearned",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PostureResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("check_name", models.CharField(max_length=60)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("proved", "Proved"),
                            ("failed", "Failed"),
                            ("waiting", "Nothing to look at yet"),
                        ],
                        max_length=8,
                    ),
                ),
                ("saw", models.CharField(max_length=200)),
                ("detail", models.TextField(blank=True)),
                ("milliseconds", models.PositiveIntegerField(default=0)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="results",
                        to="trust.posturerun",
                    ),
                ),
            ],
            options={
                "db_table": "posture_results",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "check_name"), name="posture_results_one_per_check"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SubProcessor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="The service as the page lists it, as in `Hosting`.", max_length=80
                    ),
                ),
                (
                    "vendor",
                    models.CharField(help_text="Who it is; say so if it is not chosen yet.", max_length=120),
                ),
                ("used_for", models.CharField(max_length=200)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("is_yours", models.BooleanField(default=False, verbose_name="the customer's own account")),
                (
                    "is_founding",
                    models.BooleanField(
                        default=False, editable=False, help_text="On the list from the start."
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=100)),
                ("announced_on", models.DateField(default=trust.models.stated.today, editable=False)),
                ("effective_on", models.DateField(help_text="At least 30 days after it is announced.")),
                ("end_announced_on", models.DateField(blank=True, editable=False, null=True)),
                (
                    "ends_on",
                    models.DateField(
                        blank=True, help_text="The day on which it is no longer used.", null=True
                    ),
                ),
                (
                    "end_posted_in",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ends",
                        to="trust.entry",
                    ),
                ),
                (
                    "posted_in",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posts",
                        to="trust.entry",
                    ),
                ),
            ],
            options={
                "db_table": "sub_processors",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_founding", True),
                            (
                                "effective_on__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("announced_on"), "+", models.Value(dt.timedelta(days=30))
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="sub_processors_notice_of_30_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_founding", True), ("posted_in__isnull", False), _connector="OR"
                        ),
                        name="sub_processors_posted_in_the_changelog",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            models.Q(("end_announced_on__isnull", False), ("end_posted_in__isnull", False)),
                            _connector="OR",
                        ),
                        name="sub_processors_an_end_is_posted",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("about", models.CharField(help_text="entry:7, update:3 or maintenance:2", max_length=40)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="letters",
                        to="trust.subscriber",
                    ),
                ),
            ],
            options={
                "db_table": "letters",
                "indexes": [
                    models.Index(
                        condition=models.Q(("sent_at__isnull", True)), fields=["due_at"], name="letters_due"
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("subscriber", "about"), name="letters_once")],
            },
        ),
        migrations.CreateModel(
            name="Telling",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tellings", to="trust.entry"
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.workspace"
                    ),
                ),
            ],
            options={
                "db_table": "tellings",
                "constraints": [models.UniqueConstraint(fields=("workspace", "entry"), name="tellings_once")],
            },
        ),
    ]
