"""What the sandbox's prospects write. Each list is one mood; the address decides which entry is used."""

from .prospects import Behaviour

TEXTS = {
    Behaviour.INTERESTED: (
        """Hi,

this comes at a good moment, we are looking at exactly this. Could you call me on Thursday morning?

Best,
{name}""",
        """Hello,

yes, please send me two or three time slots next week.

Regards
{name}""",
        """Sounds interesting. Can you share a short deck and what it would cost for a team of 25?

{name}""",
        """Thanks for writing. I would like to see it. My colleague who runs operations should join us,
when are you free?

{name}

Sent from my iPhone""",
    ),
    Behaviour.DECLINED: (
        """Hi,

thank you, but this is not a priority for us this year.

{name}""",
        """We already have somebody for this and are happy with them. All the best.

{name}""",
        "Thanks, not interested.",
        """Hello,

I am not the right person, and we have no budget for it at the moment.

Kind regards
{name}""",
    ),
    Behaviour.ASKS: (
        """Hi,

before I say anything: where are you based, and where is our data kept?

{name}""",
        """Does this work with what we have, or do we have to replace it?

Thanks
{name}""",
        """Who else in our industry uses you?

{name}""",
    ),
    Behaviour.HTML: (
        """Hello,

could we speak on Tuesday? My number is below.

{name}
+1 555 0100""",
        """Thank you for your mail. Please send me the details, I will forward them to the team.

{name}""",
    ),
    Behaviour.STOP: (
        """Please remove me from your list.

{name}""",
        "Unsubscribe me please. I do not want any further mail from you.",
        "Stop writing to me and take me off your list.",
    ),
    Behaviour.AWAY: (
        """Hello,

thank you for your message. I am out of the office and will be back on {back}.
In urgent cases please call our front desk.

{name}""",
        """I am on leave until {back} with no access to my mail. I will answer when I am back.

{name}""",
    ),
}

UNKNOWN = "550 5.1.1 <{recipient}>: Recipient address rejected: User unknown in virtual mailbox table"
OVER_QUOTA = "452 4.2.2 <{recipient}>: The recipient's mailbox is full and cannot accept messages now"
BOUNCES = {Behaviour.BOUNCE: ("5.1.1", UNKNOWN), Behaviour.FULL: ("4.2.2", OVER_QUOTA)}
