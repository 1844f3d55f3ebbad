"""The engine's periods, shortened alike: minutes in production are seconds here, in the same order.

answer to the final dot < handover + answer < lease of a claim < grace before a doubtful mail is looked for
"""

from dataclasses import replace
from datetime import timedelta

from mailbox.account import Account, Patience


def hurry(pace: float) -> None:
    """For this process and those that it forks. `pace` stretches all of them alike, for a busy machine."""
    from campaigns import claims, sending
    from mailbox import filing, syncing
    from tenants import bells

    def seconds(number: float) -> timedelta:
        return timedelta(seconds=number * pace)

    claims.HANDOVER = seconds(3)
    claims.LEASE = seconds(7)
    filing.GRACE = seconds(9)
    filing.APART = seconds(2)
    claims.FRESH = sending.FRESH = seconds(30)
    sending.RETRY = timedelta(seconds=1)
    sending.SLICE_SECONDS = 4.0
    syncing.POLL = syncing.WATCHED_POLL = timedelta(seconds=2)
    syncing.LONGEST_PAUSE = timedelta(seconds=2)
    syncing.LEASE = seconds(15)
    bells.LEASE = seconds(8)
    patience = Patience(connect=3 * pace, answer=3 * pace, delivery=3 * pace)
    for module, name in ((sending, "smtp_account"), (syncing, "imap_account")):
        setattr(module, name, impatient(getattr(module, name), patience))


def impatient(account_of, patience: Patience):
    def account(mailbox) -> Account:
        return replace(account_of(mailbox), patience=patience)

    return account
