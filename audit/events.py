"""Every event that is recorded, on one page."""

from __future__ import annotations

from django.db import models


class Event(models.TextChoices):
    """Auth and admin events; the label is what the audit page shows."""

    # accounts
    WORKSPACE_CREATED = "workspace.created", "Workspace created"
    WORKSPACE_CHANGED = "workspace.changed", "Workspace settings changed"
    SIGNED_IN = "auth.signed_in", "Signed in"
    SIGN_IN_FAILED = "auth.sign_in_failed", "Sign-in failed"
    SIGNED_OUT = "auth.signed_out", "Signed out"
    PASSWORD_CHANGED = "auth.password_changed", "Password changed"
    PASSWORD_RESET_ASKED = "auth.password_reset_asked", "Password reset asked for"
    SESSIONS_ENDED = "auth.sessions_ended", "Sessions ended"
    MFA_CHANGED = "auth.mfa_changed", "Second factor changed"
    MEMBER_INVITED = "member.invited", "Member invited"
    INVITATION_REVOKED = "member.invitation_revoked", "Invitation revoked"
    MEMBER_JOINED = "member.joined", "Member joined"
    MEMBER_ROLE_CHANGED = "member.role_changed", "Member's role changed"
    MEMBER_CHANGED = "member.changed", "Member's profile changed"
    MEMBER_REMOVED = "member.removed", "Member removed"
    # keychain
    CREDENTIAL_ADDED = "credential.added", "Credential added"
    CREDENTIAL_REPLACED = "credential.replaced", "Credential replaced"
    CREDENTIAL_REMOVED = "credential.removed", "Credential removed"
    KEY_CHANGE_BEGUN = "keys.change_begun", "Change of the workspace's keys begun"
    KEY_CHANGED = "keys.changed", "Workspace's keys changed"
    KEY_CHANGE_FAILED = "keys.change_failed", "Change of the workspace's keys failed"
    OLD_KEY_DELETED = "keys.old_deleted", "Old key deleted"
    # leads
    LEADS_IMPORTED = "leads.imported", "Leads imported"
    IMPORT_UNDONE = "leads.import_undone", "Import undone"
    LEADS_CHANGED = "leads.changed", "Leads changed"
    LEADS_DELETED = "leads.deleted", "Leads deleted"
    ADDRESS_SUPPRESSED = "suppression.added", "Address suppressed"
    SUBJECT_REQUEST_OPENED = "privacy.request_opened", "Data request opened"
    SUBJECT_REQUEST_CLOSED = "privacy.request_answered", "Data request answered"
    PERSON_ERASED = "privacy.erased", "Person erased"
    ENRICHMENT_CHANGED = "enrichment.changed", "Enrichment switched"
    ENRICHMENT_ASKED = "enrichment.asked", "Enrichment provider asked"
    SUPPRESSION_LIFTED = "suppression.lifted", "Suppression lifted"
    # mailbox
    MAILBOX_CONNECTED = "mailbox.connected", "Mailbox connected"
    MAILBOX_CHANGED = "mailbox.changed", "Mailbox changed"
    MAILBOX_REMOVED = "mailbox.removed", "Mailbox removed"
    SENDING_PAUSED = "sending.paused", "Sending paused"
    SENDING_RESUMED = "sending.resumed", "Sending resumed"
    # campaigns
    CAMPAIGN_CREATED = "campaign.created", "Campaign created"
    CAMPAIGN_CHANGED = "campaign.changed", "Campaign changed"
    CAMPAIGN_DUPLICATED = "campaign.duplicated", "Campaign duplicated"
    CAMPAIGN_TRIED_AGAIN = "campaign.tried_again", "Campaign tried failed leads again"
    CAMPAIGN_LAUNCHED = "campaign.launched", "Campaign launched"
    CAMPAIGN_PAUSED = "campaign.paused", "Campaign paused"
    CAMPAIGN_STOPPED = "campaign.stopped", "Campaign stopped"
    SPENDING_LIMITED = "spending.limited", "Monthly limit for models changed"
    DRAFT_EDITED = "draft.edited", "Draft edited"
    DRAFT_APPROVED = "draft.approved", "Draft approved"
    DRAFT_REJECTED = "draft.rejected", "Draft rejected"
    REPLY_SENT = "reply.sent", "Answer sent"
    THREAD_CHANGED = "thread.changed", "Conversation changed"
    DOUBT_SETTLED = "message.doubt_settled", "Uncertain mail settled by a person"
    # from outside
    OPERATED = "operator.acted", "Paitho's operators acted"
    # data out and back
    EXPORT_ASKED = "data.export_asked", "Export asked for"
    EXPORTED = "data.exported", "Workspace exported"
    EXPORT_DOWNLOADED = "data.export_downloaded", "Export downloaded"
    BACKED_UP = "data.backed_up", "Workspace backed up"
    RESTORED = "data.restored", "Workspace restored"
    RETENTION_RAN = "retention.ran", "Retention ran"
    DELETION_ASKED = "workspace.deletion_asked", "Workspace to be deleted"
    DELETION_CANCELLED = "workspace.deletion_cancelled", "Workspace kept"
