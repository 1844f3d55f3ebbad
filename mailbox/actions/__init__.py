"""Writes to mailboxes and threads, by noun."""

from mailbox.actions.deliverability import look_into as look_into
from mailbox.actions.mailboxes import NewMailbox as NewMailbox
from mailbox.actions.mailboxes import Server as Server
from mailbox.actions.mailboxes import change as change
from mailbox.actions.mailboxes import check as check
from mailbox.actions.mailboxes import connect as connect
from mailbox.actions.mailboxes import disconnect as disconnect
from mailbox.actions.mailboxes import pause as pause
from mailbox.actions.mailboxes import pause_for_bounces as pause_for_bounces
from mailbox.actions.mailboxes import revive as revive
from mailbox.actions.switch import pause_sending as pause_sending
from mailbox.actions.switch import resume_sending as resume_sending
from mailbox.actions.threads import Doubt as Doubt
from mailbox.actions.threads import answer as answer
from mailbox.actions.threads import assign as assign
from mailbox.actions.threads import mark_read as mark_read
from mailbox.actions.threads import set_outcome as set_outcome
from mailbox.actions.threads import settle_doubt as settle_doubt
