"""What a mailbox's domain tells receivers, against a name server of ours; and what DKIM covers."""

import pytest

from audit.actors import SYSTEM
from mailbox.actions import pause_for_bounces
from mailbox.deliverability import findings, signature
from mailbox.models import Delivery, Direction, Mailbox, Message
from mailbox.queries import JUDGED, bounces_too_much
from tenants.binding import bound
from tests.mail_world import a_lead, a_mailbox, a_thread
from tests.servers.dns import dns_server
from tests.world import client_of, olga

GOOD = {
    "TXT acme.test": ['"v=spf1 include:_spf.provider.test -all"'],
    "TXT _dmarc.acme.test": ['"v=DMARC1; p=reject; rua=mailto:d@acme.test"'],
    "MX acme.test": ["10 mx.acme.test."],
}
CASES = [
    (GOOD, ["good", "good", "good"]),
    ({}, ["bad", "bad", "bad"]),
    ({**GOOD, "TXT acme.test": ['"v=spf1 +all"']}, ["bad", "good", "good"]),
    ({**GOOD, "TXT acme.test": ['"v=spf1 -all"', '"v=spf1 a -all"']}, ["bad", "good", "good"]),
    ({**GOOD, "TXT _dmarc.acme.test": ['"v=DMARC1; p=none"']}, ["good", "warn", "good"]),
    ({**GOOD, "TXT _dmarc.acme.test": ['"v=DMARC1; q=1"']}, ["good", "bad", "good"]),
    ({**GOOD, "MX acme.test": ["0 ."]}, ["good", "good", "bad"]),
]


@pytest.mark.parametrize(("zone", "states"), CASES)
def test_spf_dmarc_and_mx_are_judged(zone, states):
    with dns_server(zone) as resolver:
        found = findings("sales@acme.test", resolver=resolver)

    assert [each["state"] for each in found] == states


SIGNED = (
    b"DKIM-Signature: v=1; a=rsa-sha256; d=%b; s=s1; h=From:To:Subject%b;\r\n bh=x; b=y\r\n"
    b"From: sales@acme.test\r\nTo: sales@acme.test\r\nSubject: Seed\r\n\r\nHello\r\n"
)
SEEDS = [
    (SIGNED % (b"acme.test", b":List-Unsubscribe:List-Unsubscribe-Post"), "good"),
    (SIGNED % (b"acme.test", b""), "warn"),
    (SIGNED % (b"provider.test", b":List-Unsubscribe:List-Unsubscribe-Post"), "warn"),
    (b"From: sales@acme.test\r\nSubject: Seed\r\n\r\nHello\r\n", "bad"),
]


@pytest.mark.parametrize(("raw", "state"), SEEDS)
def test_a_seed_mail_says_whether_the_unsubscribe_headers_are_signed(raw, state):
    assert signature(raw, "sales@acme.test")["state"] == state


def test_a_mailbox_whose_mails_bounce_too_often_is_paused_and_says_why(world):
    with bound(world.acme):
        mailbox = a_mailbox()
        for number in range(JUDGED):
            thread = a_thread(mailbox, a_lead(f"p{number}@engines.test"))
            out = Message(
                thread=thread, mailbox=mailbox, direction=Direction.OUT, delivery=Delivery.SENT,
                message_id=f"<{number}@acme.test>", subject="Looms", body="Hello", approved_hash=b"x" * 32,
            )  # fmt: skip
            out.save()
            if number < 4:
                Message(
                    thread=thread, mailbox=mailbox, direction=Direction.IN, delivery=Delivery.RECEIVED,
                    message_id=f"<b{number}@mx.test>", subject="Bounce", body="",
                    kind="bounce", severity="hard",
                ).save()  # fmt: skip
        assert not bounces_too_much(mailbox)
        Message.objects.filter(message_id__in=["<40@acme.test>"]).update(delivery=Delivery.FAILED)

        assert bounces_too_much(mailbox)
        pause_for_bounces(mailbox, by=SYSTEM)

        paused = Mailbox.objects.get()
        assert (paused.health, paused.paused_because) == ("paused", "bounces")


def test_the_page_shows_what_was_found_and_the_last_errors(world):
    with bound(world.acme):
        mailbox = a_mailbox()
        mailbox.deliverability = {
            "findings": [{"name": "SPF", "state": "bad", "sentence": "None.", "record": ""}]
        }
        mailbox.problem = "mx.acme.test did not let us in."
        mailbox.save()

    page = client_of(world.acme, olga(world)).get(f"/mailboxes/{mailbox.pk}/deliverability/").content.decode()

    assert "Not in order" in page
    assert "did not let us in" in page
