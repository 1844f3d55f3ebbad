"""Everything that changes a credential. The secret itself is never recorded, returned or shown again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.module_loading import import_string

from audit.actions import record
from audit.actors import Actor
from audit.events import Event
from keychain import reindexing
from keychain.crypto.blind import parts_of
from keychain.crypto.kms import Context, KmsError
from keychain.crypto.mac import Mac
from keychain.crypto.secret import Secret
from keychain.errors import BadKms, Gone, InUse, KeysBusy
from keychain.index import index_key
from keychain.models import OVER, Credential, KeyJob, KeyWork, Kind
from tenants import bells, keys
from tenants.binding import current

Check = Callable[[str, Secret, str | None], str]

SHOWS_LAST_FOUR = {Kind.OPENAI, Kind.ANTHROPIC, Kind.GOOGLE, Kind.COMPATIBLE}
SHORTEST_SHOWN = 16
USED_EVERY = timedelta(minutes=1)
NOTHING = Secret("none")


def problem_with(kind: Kind, secret: Secret, endpoint: str | None) -> str:
    """Ask the provider whether it takes the key: what it says against it, or an empty string.

    Who asks is named in `settings.KEY_CHECKS`; a kind that is not in it is taken as it is. It waits for
    the network, so no transaction may be open.
    """
    path = settings.KEY_CHECKS.get(kind.value)
    if path is None:
        return ""
    check: Check = import_string(path)
    return check(kind.value, secret, endpoint)


@transaction.atomic
def add_credential(
    kind: Kind, label: str, secret: Secret, *, by: Actor, endpoint: str | None = None, problem: str = ""
) -> Credential:
    """Seal a secret; `problem` is what its check found, if it is kept all the same."""
    credential = Credential(kind=kind, label=label, endpoint=endpoint or None, added_by=by.id)
    _hold(credential, secret, problem)
    credential.save(force_insert=True)
    record(Event.CREDENTIAL_ADDED, about=credential, by=by, kind=kind, fingerprint=credential.fingerprint)
    return credential


@transaction.atomic
def replace_secret(credential_id: UUID, secret: Secret, *, by: Actor, problem: str = "") -> Credential:
    """A new secret under the same credential: whatever uses it goes on with the new one. Raises `Gone`."""
    credential = _locked(credential_id)
    was = credential.fingerprint
    _hold(credential, secret, problem)
    credential.save()
    record(Event.CREDENTIAL_REPLACED, about=credential, by=by, was=was, now=credential.fingerprint)
    return credential


@transaction.atomic
def remove_credential(credential_id: UUID, *, by: Actor) -> None:
    """Raises `InUse` while a mailbox or a campaign works with it, `Gone` when it was removed before."""
    credential = _locked(credential_id)
    about = {"kind": credential.kind, "fingerprint": credential.fingerprint}
    record(Event.CREDENTIAL_REMOVED, about=credential, by=by, **about)
    try:
        credential.delete()
    except ProtectedError as error:
        users = sorted({f"{found._meta.verbose_name} {found}" for found in error.protected_objects})
        raise InUse(
            f"{credential} is in use by {', '.join(users)}. Choose another key there first."
        ) from error


def use(credential: Credential) -> Secret:
    """The secret, for the call that needs it now; the Keychain page says when that last was.

    Of what a restore brought back without its secret it is one that nobody takes.
    """
    now = timezone.now()
    if credential.used_at is None or now - credential.used_at > USED_EVERY:
        Credential.objects.filter(pk=credential.pk).update(used_at=now)
        credential.used_at = now
    return credential.secret or NOTHING


@transaction.atomic
def change_keys(work: KeyWork, *, by: Actor, kms: str = "", drops_at_once: bool = False) -> KeyJob:
    """Begin a change of the workspace's own keys; workers do it (`keychain.rotation`). Raises `KeysBusy`.

    `kms` is the ARN of another KMS key for `WRAPS`; empty is the cell's own.
    """
    if KeyJob.objects.exclude(state__in=OVER).exists():
        raise KeysBusy("The workspace's keys are being changed already. Wait until that is done.")
    job = KeyJob(work=work, kms=kms, drops_at_once=drops_at_once, started_by=by.id)
    job.actor = {"name": by.name, "ip": by.ip}
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError as error:
        raise KeysBusy("Somebody else has just begun to change the workspace's keys.") from error
    record(Event.KEY_CHANGE_BEGUN, about=job, by=by, work=work.value, kms=kms)
    bells.ring("rekey")
    return job


def try_kms(arn: str) -> None:
    """Wrap and open a key of no use with the KMS key of this ARN. Raises `BadKms` with a sentence.

    It waits for the network, so no transaction may be open.
    """
    context = Context(workspace=current().id, purpose="check", version=1)
    try:
        kms = keys.kms_called(arn)
        secret, wrapped = kms.generate(context)
        is_good = (
            kms.unwrap(wrapped, context) == secret
            and kms.unwrap(kms.wrap(secret, context), context) == secret
        )
    except KmsError as error:
        raise BadKms(str(error)) from error
    if not is_good:
        raise BadKms("The KMS key did not give back what it was given.")


def _hold(credential: Credential, secret: Secret, problem: str) -> None:
    credential.secret = secret
    credential.fingerprint = fingerprint(secret)
    credential.last_four = last_four(Kind(credential.kind), secret)
    credential.checked_at = timezone.now()
    credential.problem = problem[:300]
    credential.removed_at = None


def fingerprint(secret: Secret) -> str:
    """Tells two secrets apart, in this workspace only, and says nothing about either."""
    return reindexing.fingerprint(secret, Mac(parts_of(index_key())[-1]))


def last_four(kind: Kind, secret: Secret) -> str:
    """The end of a provider's key, as its own console shows it; of a password, or a short key, nothing."""
    text = secret.reveal()
    return text[-4:] if kind in SHOWS_LAST_FOUR and len(text) >= SHORTEST_SHOWN else ""


def _locked(credential_id: UUID) -> Credential:
    credential = Credential.objects.select_for_update().filter(pk=credential_id).first()
    if credential is None:
        raise Gone("This key was removed meanwhile.")
    return credential
