"""What mailboxes refuse, as sentences that are safe to show."""


class MailboxError(Exception):
    """A refusal; str(error) is the sentence for the page."""


class CannotConnect(MailboxError):
    """One of the two servers does not take the sign-in; the sentence holds the server's words."""


class NotSendable(MailboxError):
    """An answer cannot be sent; the sentence says why."""
