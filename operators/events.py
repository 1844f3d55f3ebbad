"""Everything an operator can do that is recorded, on one page."""

from __future__ import annotations

from django.db import models


class Event(models.TextChoices):
    """The record's events: `<thing>.<what happened>`."""

    # operators themselves
    SIGNED_IN = "operator.signed_in", "Signed in"
    SIGN_IN_FAILED = "operator.sign_in_failed", "Sign-in failed"
    SIGNED_OUT = "operator.signed_out", "Signed out"
    OPERATOR_INVITED = "operator.invited", "Operator invited"
    OPERATOR_JOINED = "operator.joined", "Operator set up their sign-in"
    OPERATOR_REMOVED = "operator.removed", "Operator removed"
    PASSWORD_CHANGED = "operator.password_changed", "Password changed"
    PROVED_AGAIN = "operator.proved_again", "Second factor proved again"
    FACTOR_ADDED = "operator.factor_added", "Second factor added"
    FACTOR_REMOVED = "operator.factor_removed", "Second factor removed"
    SESSIONS_ENDED = "operator.sessions_ended", "Sessions ended"
    # workspaces
    WORKSPACE_CREATED = "workspace.created", "Workspace created"
    WORKSPACE_SUSPENDED = "workspace.suspended", "Workspace suspended"
    WORKSPACE_RESUMED = "workspace.resumed", "Workspace resumed"
    WORKSPACE_RETRIED = "workspace.retried", "Provisioning rung again"
    DELETE_SCHEDULED = "workspace.delete_scheduled", "Workspace to be deleted"
    DELETE_CANCELLED = "workspace.delete_cancelled", "Workspace kept"
    PLAN_SET = "workspace.plan_set", "Plan set"
    OWNER_LINK_MADE = "workspace.owner_link_made", "Link for the first owner made"
    DOMAIN_MADE_PRIMARY = "domain.made_primary", "Domain made the primary one"
    DOMAIN_REMOVED = "domain.removed", "Domain removed"
    # what the public site shows
    ENTRY_ADDED = "site.added", "Entry of the public site added"
    ENTRY_CHANGED = "site.changed", "Entry of the public site changed"
    ENTRY_REMOVED = "site.removed", "Entry of the public site removed"
