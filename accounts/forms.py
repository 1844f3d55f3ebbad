"""What people fill in about themselves and their workspace."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.urls import reverse
from sentry_sdk.utils import BadDsn, Dsn

from accounts import sign_up
from accounts.models import Member, Role, WorkspaceProfile
from paitho.lib.text import NotAnAddress, normalise_email, tidy
from tenants.workspace import BadSlug, check_slug


@cache
def time_zones() -> list[str]:
    """Names of places, and UTC first; read from disk once."""
    places = (zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return ["UTC", *sorted(places)]


LINK = re.compile(r"//|www\.|@", re.IGNORECASE)


class AddressField(forms.EmailField):
    """An e-mail address in its one spelling."""

    def clean(self, value: Any) -> str:
        cleaned = super().clean(value)
        try:
            return normalise_email(cleaned) if cleaned else ""
        except NotAnAddress as error:
            raise forms.ValidationError(str(error)) from error


class NameField(forms.CharField):
    """One line of visible text."""

    def to_python(self, value: Any) -> str:
        return tidy(super().to_python(value) or "", self.max_length or 120)


def refuse_links(name: str) -> None:
    """What a stranger types goes out in a mail to an address that is not yet proved to be theirs."""
    if LINK.search(name):
        raise forms.ValidationError("A name holds no link.")


class SignUpForm(forms.Form):
    """A new workspace and its first owner."""

    workspace_name = NameField(
        label="Workspace", max_length=80, help_text="Your team or company.", validators=[refuse_links]
    )
    slug = forms.CharField(label="Address", max_length=31)
    region = forms.CharField(max_length=12, widget=forms.HiddenInput, required=False)
    name = NameField(label="Your name", max_length=80, validators=[refuse_links])
    email = AddressField(label="Your work e-mail", help_text="We send a link there to confirm it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "slug"
        ].help_text = f"Your team signs in at this name, followed by .{settings.APEX.netloc}"
        self.fields["slug"].widget.attrs |= {
            "autocapitalize": "off",
            "spellcheck": "false",
            "autocomplete": "off",
            "data-hx-get": reverse("sign_up:address", urlconf=settings.APEX_URLCONF),
            "data-hx-trigger": "input changed delay:400ms",
            "data-hx-target": "#address-answer",
        }
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["email"].widget.attrs["autocomplete"] = "email"

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).strip().lower()
        try:
            is_free = sign_up.is_free(slug)
        except BadSlug as error:
            raise forms.ValidationError(str(error)) from error
        if not is_free:
            raise forms.ValidationError(sign_up.TAKEN.format(slug=slug))
        return slug

    def clean_region(self) -> str:
        """Another region of ours is another form, on its own host (`views.sign_up.start`)."""
        region = self.cleaned_data["region"] or settings.REGION
        if region != settings.REGION:
            raise forms.ValidationError("There is no such region.")
        return str(region)

    def details(self) -> sign_up.Details:
        data = self.cleaned_data
        return sign_up.Details(data["email"], data["name"], data["workspace_name"])


class JoinForm(forms.Form):
    """Name and password of someone whose address is proved by the link they came with."""

    name = NameField(label="Your name", max_length=120)
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters; a sentence is good. Not a common password, not your own name.",
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        self.fields["name"].widget.attrs["autocomplete"] = "name"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password"):
            person = Member(email=self.email, name=data.get("name", ""))
            try:
                validate_password(data["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class UnnamedJoinForm(JoinForm):
    """The first owner of a workspace that an operator made: the link does not say who they are."""

    field_order = ["name", "email", "password"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = AddressField(
            label="Your work e-mail", help_text="We send a link there to confirm it."
        )
        self.order_fields(self.field_order)


class InviteForm(forms.Form):
    """Whom to invite, and as what: no higher than the one who invites."""

    email = AddressField(label="E-mail address")
    role = forms.ChoiceField(label="Role", initial=Role.MEMBER)

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]  # declared on ChoiceField


class RoleForm(forms.Form):
    """A member's new role."""

    role = forms.ChoiceField(choices=Role.choices)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What a member says of themselves."""

    name = NameField(label="Your name", max_length=120)

    class Meta:
        model = Member
        fields = ["name"]


class WorkspaceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What the workspace says of itself, and what it asks of its members."""

    name = NameField(label="Name", max_length=120)
    postal_address = forms.CharField(
        label="Postal address",
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Stands at the foot of every mail of a campaign: the law of most countries asks for it.",
    )
    time_zone = forms.ChoiceField(label="Time zone", help_text="Sending windows and daily caps follow it.")
    requires_second_factor = forms.BooleanField(
        label="Everyone signs in with a second factor",
        required=False,
        help_text="Members without a passkey or an authenticator app are led to set one up first.",
    )

    class Meta:
        model = WorkspaceProfile
        fields = ["name", "postal_address", "time_zone", "requires_second_factor"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(zone, zone) for zone in time_zones()]  # type: ignore[attr-defined]  # declared on ChoiceField


class ErrorServerForm(forms.Form):
    """The DSN of a Sentry-compatible server of the workspace's own."""

    dsn = forms.CharField(
        label="DSN of your error server",
        required=False,
        max_length=400,
        help_text="As Sentry shows it: https://key@errors.example.com/1. Empty: to the operators of Paitho.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_dsn(self) -> str:
        dsn = str(self.cleaned_data["dsn"]).strip()
        if not dsn:
            return ""
        try:
            parsed = Dsn(dsn)
        except BadDsn as error:
            raise forms.ValidationError(
                "That is no DSN: copy it whole, with the key and the number."
            ) from error
        if parsed.scheme != "https" and not settings.ALLOW_PRIVATE_HOSTS:
            raise forms.ValidationError("Errors leave over https only.")
        return dsn


class SlugForm(forms.Form):
    """Another name for the workspace."""

    slug = forms.CharField(label="New address", max_length=31)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].help_text = f"The name before .{settings.APEX.netloc}"
        self.fields["slug"].widget.attrs |= {
            "autocapitalize": "off",
            "spellcheck": "false",
            "autocomplete": "off",
        }

    def clean_slug(self) -> str:
        try:
            return check_slug(str(self.cleaned_data["slug"]).strip().lower())
        except BadSlug as error:
            raise forms.ValidationError(str(error)) from error


class HostForm(forms.Form):
    """A host of the workspace's own."""

    host = forms.CharField(
        label="Host", max_length=253, help_text="A whole name that you control, as in outreach.example.com."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attrs = {"autocapitalize": "off", "spellcheck": "false", "autocomplete": "off", "inputmode": "url"}
        self.fields["host"].widget.attrs |= attrs
