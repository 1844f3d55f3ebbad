"""What campaigns refuse, as sentences that are safe to show."""


class CampaignError(Exception):
    """A refusal; str(error) is the sentence for the page."""


class NotReady(CampaignError):
    """The campaign lacks something before it can run."""


class IllegalMove(CampaignError):
    """The state does not follow from the one it is in."""


class MovedMeanwhile(CampaignError):
    """Somebody, or a worker, was faster."""

    def __init__(self) -> None:
        super().__init__("This changed while you looked at it. Reload the page to see where it is now.")
