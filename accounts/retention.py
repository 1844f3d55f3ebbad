"""Sessions, invitations and one-time links that have ended."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Invitation, Session
from audit.retention import Swept


def end_sessions(now: datetime) -> Swept:
    gone, _ = Session.objects.filter(expires_at__lte=now).delete()
    return Swept("Sessions that ended", gone)


def end_invitations(now: datetime) -> Swept:
    gone, _ = Invitation.objects.filter(expires_at__lte=now).delete()
    return Swept("Invitations that ended", gone)
