"""Expand: operators, their factors and sessions, and the record of what they did."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

import paitho.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0004_lifecycle_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Operation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "event",
                    models.CharField(
                        choices=[
                            ("operator.signed_in", "Signed in"),
                            ("operator.sign_in_failed", "Sign-in failed"),
                            ("operator.signed_out", "Signed out"),
                            ("operator.invited", "Operator invited"),
                            ("operator.joined", "Operator set up their sign-in"),
                            ("operator.removed", "Operator removed"),
                            ("operator.password_changed", "Password changed"),
                            ("operator.factor_added", "Second factor added"),
                            ("operator.factor_removed", "Second factor removed"),
                            ("operator.sessions_ended", "Sessions ended"),
                            ("workspace.created", "Workspace created"),
                            ("workspace.suspended", "Workspace suspended"),
                            ("workspace.resumed", "Workspace resumed"),
                            ("workspace.retried", "Provisioning rung again"),
                            ("workspace.delete_scheduled", "Workspace to be deleted"),
                            ("workspace.delete_cancelled", "Workspace kept"),
                            ("workspace.plan_set", "Plan set"),
                            ("workspace.owner_link_made", "Link for the first owner made"),
                            ("domain.made_primary", "Domain made the primary one"),
                            ("domain.removed", "Domain removed"),
                            ("site.added", "Entry of the public site added"),
                            ("site.changed", "Entry of the public site changed"),
                            ("site.removed", "Entry of the public site removed"),
                        ],
                        max_length=40,
                    ),
                ),
                ("operator_id", models.UUIDField(null=True)),
                ("operator", models.CharField(help_text="Name or address, as it was then.", max_length=254)),
                ("ip", models.CharField(blank=True, default="", max_length=45, verbose_name="IP address")),
                ("about", models.CharField(blank=True, default="", max_length=200)),
                ("about_id", models.CharField(blank=True, default="", max_length=64)),
                ("workspace_id", models.UUIDField(null=True)),
                ("data", models.JSONField(default=dict)),
                (
                    "told_at",
                    models.DateTimeField(
                        help_text="When it was written to the workspace's own log.", null=True
                    ),
                ),
            ],
            options={
                "db_table": "operations",
                "indexes": [
                    models.Index(fields=["-at"], name="operations_at"),
                    models.Index(
                        condition=models.Q(("told_at__isnull", True), ("workspace_id__isnull", False)),
                        fields=["workspace_id"],
                        name="operations_untold",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Operator",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(help_text="In lower case.", max_length=254, unique=True)),
                ("name", models.CharField(blank=True, default="", max_length=80)),
                ("is_active", models.BooleanField(default=True)),
                ("totp", models.BinaryField(help_text="The authenticator app's secret, sealed.", null=True)),
                (
                    "totp_step",
                    models.BigIntegerField(default=0, help_text="The last step used: a code serves once."),
                ),
                (
                    "link_hash",
                    models.BinaryField(
                        help_text="SHA-256 of the set-up link's token.", null=True, unique=True
                    ),
                ),
                ("link_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "operators",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                        name="operators_email_is_lower",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("credential_id", models.BinaryField(unique=True)),
                ("credential", models.BinaryField(help_text="Attested credential data: id and public key.")),
                ("sign_count", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "operator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passkeys",
                        to="operators.operator",
                    ),
                ),
            ],
            options={
                "db_table": "operator_passkeys",
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=paitho.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key_hash", models.BinaryField(unique=True)),
                ("sealed", models.BinaryField()),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to="operators.operator",
                    ),
                ),
            ],
            options={
                "db_table": "operator_sessions",
                "indexes": [models.Index(fields=["expires_at"], name="operator_sessions_expire")],
            },
        ),
    ]
