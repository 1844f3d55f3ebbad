"""What a person enters about mailboxes and threads."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from accounts.models import Member
from keychain.crypto.secret import Secret
from mailbox.actions import NewMailbox, Server
from mailbox.hosts import Guess
from mailbox.models import Mailbox
from mailbox.queries import members

SECURITY = [("tls", "TLS"), ("starttls", "STARTTLS")]
OUTCOMES = [
    ("", "No outcome yet"),
    ("interested", "Interested"),
    ("not_interested", "Not interested"),
    ("later", "Later"),
    ("done", "Done"),
]


class AddressForm(forms.Form):
    """Whose mailbox: what is known of its provider fills the rest in."""

    address = forms.EmailField(label="Address", help_text="The address that your mail comes from.")


class ConnectForm(forms.Form):
    """The team's own mailbox: both servers are tried before anything is stored."""

    address = forms.EmailField(label="Address", help_text="The address that your mail comes from.")
    sender_name = forms.CharField(label="Sender's name", max_length=120)
    username = forms.CharField(
        label="User name", max_length=254, required=False, help_text="If it is not the address."
    )
    password = forms.CharField(
        label="Password",
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Many providers ask for an app password here.",
    )
    smtp_host = forms.CharField(label="SMTP server", max_length=253)
    smtp_port = forms.IntegerField(label="SMTP port", min_value=1, max_value=65535, initial=465)
    smtp_security = forms.ChoiceField(label="SMTP security", choices=SECURITY)
    imap_host = forms.CharField(label="IMAP server", max_length=253)
    imap_port = forms.IntegerField(label="IMAP port", min_value=1, max_value=65535, initial=993)
    imap_security = forms.ChoiceField(label="IMAP security", choices=SECURITY)
    daily_cap = forms.IntegerField(label="Most mails a day", min_value=1, max_value=2000, initial=50)
    gap_seconds = forms.IntegerField(
        label="Seconds between two mails",
        min_value=0,
        max_value=3600,
        initial=60,
        help_text="At least so long; up to half of it more, at random.",
    )
    ramp_first = forms.IntegerField(
        label="Mails on the first day",
        min_value=0,
        max_value=2000,
        initial=10,
        help_text="A new mailbox begins slowly. 0: no ramp-up.",
        required=False,
    )
    ramp_step = forms.IntegerField(
        label="More on each day after", min_value=0, max_value=500, initial=5, required=False
    )

    @classmethod
    def proposing(cls, address: str, guess: Guess) -> ConnectForm:
        """The form with what is known of the provider filled in."""
        initial: dict[str, object] = {"address": address}
        for side, server in (("smtp", guess.smtp), ("imap", guess.imap)):
            if server is not None:
                where = {"host": server.host, "port": server.port, "security": server.security.value}
                initial |= {f"{side}_{name}": value for name, value in where.items()}
        return cls(initial=initial)

    def new_mailbox(self) -> NewMailbox:
        data = self.cleaned_data
        return NewMailbox(
            address=data["address"],
            sender_name=data["sender_name"],
            username=data["username"] or data["address"],
            password=Secret(data["password"]),
            smtp=Server(data["smtp_host"], data["smtp_port"], data["smtp_security"]),
            imap=Server(data["imap_host"], data["imap_port"], data["imap_security"]),
            daily_cap=data["daily_cap"],
            gap_seconds=data["gap_seconds"],
            ramp_first=data["ramp_first"] or 0,
            ramp_step=data["ramp_step"] or 0,
        )


class LimitsForm(forms.Form):
    """How much and how fast a mailbox may send, and under which name."""

    sender_name = forms.CharField(label="Sender's name", max_length=120)
    daily_cap = forms.IntegerField(label="Most mails a day", min_value=1, max_value=2000)
    gap_seconds = forms.IntegerField(label="Seconds between two mails", min_value=0, max_value=3600)
    ramp_first = forms.IntegerField(
        label="Mails on the first day", min_value=0, max_value=2000, help_text="0: no ramp-up."
    )
    ramp_step = forms.IntegerField(label="More on each day after", min_value=0, max_value=500)

    @classmethod
    def of(cls, mailbox: Mailbox, data: QueryDict | None) -> LimitsForm:
        names = ("sender_name", "daily_cap", "gap_seconds", "ramp_first", "ramp_step")
        return cls(data, initial={name: getattr(mailbox, name) for name in names})


class AnswerForm(forms.Form):
    """A person's own words in a thread."""

    text = forms.CharField(
        label="Your answer", max_length=20000, widget=forms.Textarea(attrs={"rows": 6, "data-submit": ""})
    )


class OutcomeForm(forms.Form):
    """What a thread came to."""

    outcome = forms.ChoiceField(choices=OUTCOMES, required=False)


class AssignForm(forms.Form):
    """Who looks after a thread."""

    member = forms.ModelChoiceField(queryset=Member.objects.none(), required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["member"] = forms.ModelChoiceField(queryset=members(), required=False)


class DoubtForm(forms.Form):
    """What a person knows of a mail that got no answer."""

    went = forms.ChoiceField(
        choices=[("yes", "It was sent"), ("no", "It was not"), ("again", "Send it again")]
    )
