"""Forms of signing in to the console."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from operators.models import Operator
from tenants.plans import PLANS
from tenants.workspace import BadSlug, check_slug

PASSWORD_HELP = "At least 14 characters; a sentence is good."  # noqa: S105  a help text


class SignInForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    """A code of an authenticator app, or what the browser made of a passkey."""

    code = forms.CharField(
        label="Code of your authenticator app",
        max_length=12,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    credential = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].required = not self.data.get(self.add_prefix("credential"))


class PasswordForm(forms.Form):
    """A new password of the operator."""

    password = forms.CharField(
        label="New password",
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=PASSWORD_HELP,
    )

    def __init__(self, *args: Any, operator: Operator, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.operator = operator

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, self.operator)  # type: ignore[arg-type]  # the web's user model is another
        return password


class JoinForm(PasswordForm, CodeForm):
    """Password and first factor, set together."""

    field_order = ["password", "code", "credential"]


class InviteForm(forms.Form):
    """Whom to invite to the console."""

    name = forms.CharField(label="Name", max_length=80, widget=UnfoldAdminTextInputWidget)
    email = forms.EmailField(label="E-mail address", widget=UnfoldAdminEmailInputWidget)


class NewWorkspaceForm(forms.Form):
    """A workspace made by an operator; its owner is named by whoever opens the link."""

    slug = forms.CharField(
        label="Address",
        max_length=31,
        widget=UnfoldAdminTextInputWidget,
        help_text="Names the host, the schema and the roles: lower-case letters, digits, hyphens.",
    )
    plan = forms.ChoiceField(label="Plan", widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"].choices = [(plan, plan) for plan in PLANS]  # type: ignore[attr-defined]  # declared on ChoiceField

    def clean_slug(self) -> str:
        try:
            return check_slug(str(self.cleaned_data["slug"]).strip().lower())
        except BadSlug as error:
            raise forms.ValidationError(str(error)) from error
