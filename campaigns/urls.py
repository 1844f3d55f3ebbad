"""Pages of `campaigns` on a workspace's host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from campaigns.views import calls, campaigns, launching, recipient, replies, review, setup, spending
from campaigns.views.today import today

app_name = "campaigns"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", today, name="today"),
    path("campaigns/", campaigns.campaign_list, name="list"),
    path("campaigns/new/", setup.new, name="new"),
    path("campaigns/limit/", spending.limit, name="limit"),
    path("campaigns/replies/", replies.replies, name="replies"),
    path("campaigns/stop-everything/", launching.stop_everything, name="stop_everything"),
    path("campaigns/<uuid:campaign_id>/", campaigns.detail, name="detail"),
    path("campaigns/<uuid:campaign_id>/progress/", campaigns.progress, name="progress"),
    path("campaigns/<uuid:campaign_id>/leads/", campaigns.campaign_leads, name="leads"),
    path("campaigns/<uuid:campaign_id>/setup/<slug:part>/", setup.setup, name="setup"),
    path("campaigns/<uuid:campaign_id>/duplicate/", launching.duplicate, name="duplicate"),
    path("campaigns/<uuid:campaign_id>/try-again/", launching.try_again, name="try_again"),
    path("campaigns/<uuid:campaign_id>/checklist/", launching.checklist, name="checklist"),
    path("campaigns/<uuid:campaign_id>/checklist/look/", launching.look, name="look"),
    path("campaigns/<uuid:campaign_id>/launch/", launching.launch, name="launch"),
    path("campaigns/<uuid:campaign_id>/pause/", launching.pause, name="pause"),
    path("campaigns/<uuid:campaign_id>/stop/", launching.stop, name="stop"),
    path("review/", review.queue, name="review"),
    path("review/approve-clean/", review.approve_clean, name="approve_clean"),
    path("review/<uuid:draft_id>/", review.one, name="draft"),
    path("review/<uuid:draft_id>/approve/", review.approve, name="approve"),
    path("review/<uuid:draft_id>/edit/", review.edit, name="edit_draft"),
    path("review/<uuid:draft_id>/regenerate/", review.regenerate, name="regenerate"),
    path("review/<uuid:draft_id>/reject/", review.reject, name="reject"),
    path("calls/", calls.calls, name="calls"),
    path("calls/<uuid:call_id>/", calls.call, name="call"),
    path("o/<str:token>", recipient.opt_out, name="opt_out"),
    path("o/<str:token>/erase", recipient.erase, name="erase"),
    path("o/<str:token>/back", recipient.take_back, name="take_back"),
]
