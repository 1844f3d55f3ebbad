"""What people enter; `PARTS` are the pages of a campaign's setup, in their order."""

from campaigns.forms.asking import ModelsForm
from campaigns.forms.content import AudienceForm, BriefForm, MailsForm
from campaigns.forms.entries import Entries
from campaigns.forms.replies import RepliesForm
from campaigns.forms.review import DraftForm, NoteForm
from campaigns.forms.sending import SendingForm
from campaigns.forms.spending import LimitForm

PARTS: dict[str, type[Entries]] = {
    "brief": BriefForm,
    "audience": AudienceForm,
    "mails": MailsForm,
    "models": ModelsForm,
    "sending": SendingForm,
}
__all__ = ["PARTS", "DraftForm", "Entries", "LimitForm", "NoteForm", "RepliesForm"]
