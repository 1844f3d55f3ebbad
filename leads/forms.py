"""Forms of the pages about leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import EmailValidator
from django.http import QueryDict

from leads.actions.bulk import MOST_PICKED
from leads.actions.opt_ins import KEYED
from leads.actions.suppression_file import FROM_FILES
from leads.filtering import Filter, read_uuid
from leads.mapping import CUSTOM, IGNORE, Mapping, MappingError, Suggestion, Use, spoken, suggest
from leads.models import BulkAction, Import, LabelKind, Lead, RequestKind, Source
from leads.profile import CUSTOM_LENGTH, VALUE_LENGTH, Policy
from leads.sheet import MAX_BYTES, Column, Sheet
from leads.vocabulary import Target

USES = [
    ("", [(CUSTOM, "Keep under its own name"), (IGNORE, "Leave out")]),
    ("Part of a lead", [(target.value, spoken(target).capitalize()) for target in Target]),
]
POLICIES = [
    (Policy.SKIP, "Leave them as they are"),
    (Policy.FILL, "Fill in what they lack"),
    (Policy.OVERWRITE, "Overwrite with what the file says"),
]
TOO_LARGE = "The file is larger than 200 MB. Split it and import the parts one after another."


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        allow_empty_file=True,
        help_text="Up to 200 MB, any delimiter, UTF-8, UTF-16 or Windows encoding.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
        error_messages={"required": "Choose a file first."},
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return file


@dataclass(frozen=True)
class ColumnRow:
    """One column on the mapping page."""

    column: Column
    field: forms.BoundField
    reason: str


class MappingForm(forms.Form):
    """What each column means, and what happens to leads that are here already."""

    policy = forms.ChoiceField(
        label="People who are here already", choices=POLICIES, widget=forms.RadioSelect, initial=Policy.SKIP
    )

    def __init__(self, job: Import, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = Sheet.from_json(job.sheet)
        self.suggestions: tuple[Suggestion, ...] = suggest(self.sheet.columns)
        chosen = dict(job.mapping)
        self.fields["policy"].initial = job.policy
        for number, column in enumerate(self.sheet.columns):
            use = chosen.get(column.name, CUSTOM)
            self.fields[f"use-{number}"] = forms.ChoiceField(
                label=f"Use of {column.name}", choices=USES, initial=use
            )

    def rows(self) -> Iterator[ColumnRow]:
        """The columns in their order, each with why its use was suggested."""
        for number, column in enumerate(self.sheet.columns):
            suggestion, field = self.suggestions[number], self[f"use-{number}"]
            is_ours = field.value() == suggestion.use
            yield ColumnRow(column, field, suggestion.reason if is_ours else "you chose this")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        uses = [cleaned.get(f"use-{number}") for number in range(len(self.sheet.columns))]
        if all(uses):
            names = [column.name for column in self.sheet.columns]
            try:
                cleaned["mapping"] = Mapping(tuple(zip(names, map(_use, uses), strict=True)))
            except MappingError as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned

    @property
    def mapping(self) -> Mapping:
        found: Mapping = self.cleaned_data["mapping"]
        return found

    @property
    def chosen_policy(self) -> Policy:
        return Policy(self.cleaned_data["policy"])


def _use(said: object) -> Use:
    if said == CUSTOM:
        return CUSTOM
    return IGNORE if said == IGNORE else Target(str(said))


class LeadForm(forms.Form):
    """The facts of a lead; the address is set once."""

    email = forms.CharField(label="E-mail address", max_length=320, validators=[EmailValidator()])

    def __init__(self, *args: Any, lead: Lead | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        facts = dict(lead.profile) if lead else {}
        custom = facts.pop("custom", {})
        for target in Target:
            if target is not Target.EMAIL:
                field = forms.CharField(
                    label=spoken(target).capitalize(), required=False, max_length=VALUE_LENGTH
                )
                self.fields[target.value] = field
        for name in custom:
            self.fields[f"custom.{name}"] = forms.CharField(
                label=name,
                required=False,
                max_length=CUSTOM_LENGTH,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
        self.initial = {**facts, **{f"custom.{name}": value for name, value in custom.items()}}
        if lead:
            self.fields["email"].disabled = True

    def values(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name != "email"}


class LabelForm(forms.Form):
    kind = forms.ChoiceField(choices=LabelKind)
    name = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class SuppressForm(forms.Form):
    """An address or a whole domain, by hand."""

    what = forms.CharField(
        label="Address or domain",
        max_length=320,
        help_text="jane@example.com, or example.com for everyone there.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class SmallUploadForm(UploadForm):
    """A file that is taken in at once, while the member waits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = "Up to 20 MB, any delimiter, UTF-8, UTF-16 or Windows encoding."


class SuppressFileForm(SmallUploadForm):
    """A list that another tool kept: a column of addresses or domains."""

    reason = forms.ChoiceField(
        label="Why, where the file does not say",
        choices=[(reason.value, reason.label) for reason in FROM_FILES],
        required=False,
        help_text="Columns such as Reason and Date are read. What recipients did is never lifted.",
    )


class RequestForm(forms.Form):
    """A request as it arrived."""

    email = forms.CharField(
        label="The person's e-mail address", max_length=320, validators=[EmailValidator()]
    )
    kind = forms.ChoiceField(label="They ask for", choices=RequestKind, widget=forms.RadioSelect)
    received = forms.DateField(
        label="Received on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The 30 days count from here; empty is today.",
    )


class BulkForm(forms.Form):
    """An action over the picked leads, or over all that the filter finds."""

    action = forms.ChoiceField(choices=[pair for pair in BulkAction.choices if pair[0] != BulkAction.APPLY])
    scope = forms.ChoiceField(choices=[("picked", "The selected leads"), ("all", "All of the filter")])
    kind = forms.ChoiceField(choices=LabelKind, required=False)
    name = forms.CharField(max_length=60, required=False)
    source = forms.ChoiceField(choices=Source, required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self._filter = Filter.of({name: str(data[name]) for name in data})
        self._ids = [str(pk) for said in data.getlist("id")[:MOST_PICKED] if (pk := read_uuid(said))]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("scope") == "picked" and not self._ids:
            raise forms.ValidationError("Select some leads first.")
        return cleaned

    @property
    def choice(self) -> dict[str, Any]:
        if self.cleaned_data["scope"] == "all":
            return {"filter": self._filter.to_dict()}
        return {"ids": self._ids}

    @property
    def action_chosen(self) -> BulkAction:
        return BulkAction(self.cleaned_data["action"])

    @property
    def needs_label(self) -> bool:
        return self.action_chosen in {BulkAction.LABEL, BulkAction.UNLABEL}

    @property
    def label_kind(self) -> LabelKind:
        return LabelKind(self.cleaned_data["kind"] or LabelKind.TAG)


class OptInForm(forms.Form):
    """An owner's word that a provider may be asked, and the workspace's own key for it."""

    kind = forms.ChoiceField(label="Provider", choices=[(kind.value, kind.label) for kind in KEYED])
    key = forms.CharField(
        label="Your own key",
        max_length=4000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Sealed at once, and never shown again.",
    )
    endpoint = forms.URLField(
        label="Address",
        required=False,
        assume_scheme="https",
        help_text="Only for a local directory: your own endpoint that answers with JSON.",
    )
    most_a_month = forms.IntegerField(
        label="Questions a month, at most",
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text="Empty is no limit of ours; the provider's own still holds.",
    )
    agreed = forms.BooleanField(
        label="I am opting in: what identifies a lead (address, name, company, LinkedIn) may be sent to this "
        "provider when a member asks about that lead.",
        error_messages={"required": "Nothing is asked without this opt-in."},
    )


class DirectoryForm(SmallUploadForm):
    """A directory of the team's own, as a file."""

    agreed = forms.BooleanField(
        label="I am opting in: members may look leads up in this file and take over what it says.",
        error_messages={"required": "Nothing is looked up without this opt-in."},
    )
