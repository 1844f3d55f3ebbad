"""The public site's tables, in the directory: what operators state, what jobs measure, who asked."""

from trust.models.asked import DpaRequest, Letter, Subscriber, Telling, WorkspaceSearch
from trust.models.measured import ComponentDay, ComponentState, PostureResult, PostureRun
from trust.models.stated import Entry, Researcher, Standing, SubProcessor
from trust.models.status import Incident, IncidentUpdate, Maintenance

__all__ = [
    "ComponentDay",
    "ComponentState",
    "DpaRequest",
    "Entry",
    "Incident",
    "IncidentUpdate",
    "Letter",
    "Maintenance",
    "PostureResult",
    "PostureRun",
    "Researcher",
    "Standing",
    "SubProcessor",
    "Subscriber",
    "Telling",
    "WorkspaceSearch",
]
