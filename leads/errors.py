"""What leads refuse, as sentences that are safe to show."""


class LeadsError(Exception):
    """A refusal; str(error) is the sentence for the page."""
