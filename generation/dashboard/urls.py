"""URLs of the public site, the documentation and the dashboard."""

from django.urls import include, path

from generation import playground
from generation.dashboard import (
    api_key_caps,
    api_keys,
    jobs,
    organization_deletion,
    overview,
    usage,
    webhooks,
)

urlpatterns = [
    path(
        "dashboard/settings/delete", organization_deletion.delete_page, name="organization_delete"
    ),
    path("", include("generation.site.urls")),
    path("", include("generation.docs_site.urls")),
    path("dashboard", overview.overview, name="dashboard"),
    path("playground", playground.playground_visitor, name="playground_visitor"),
    path("dashboard/playground", playground.playground, name="playground"),
    path("dashboard/playground/<str:public_id>", playground.live, name="playground_live"),
    path("dashboard/usage", usage.usage_page, name="usage"),
    path("dashboard/usage.csv", usage.usage_csv, name="usage_csv"),
    path("dashboard/jobs", jobs.job_list, name="jobs"),
    path("dashboard/jobs/rows", jobs.job_rows, name="job_rows"),
    path("dashboard/jobs.csv", jobs.job_csv, name="jobs_csv"),
    path("dashboard/jobs/<str:public_id>", jobs.job_detail, name="job"),
    path("dashboard/jobs/<str:public_id>/live", jobs.job_live, name="job_live"),
    path("dashboard/jobs/<str:public_id>/cancel", jobs.job_cancel, name="job_cancel"),
    path("dashboard/jobs/<str:public_id>/input", jobs.job_input, name="job_input"),
    path("dashboard/keys", api_keys.key_list, name="api_keys"),
    path("dashboard/keys/new", api_keys.key_new, name="api_key_new"),
    path("dashboard/keys/<str:key_id>", api_keys.key_detail, name="api_key"),
    path("dashboard/keys/<str:key_id>/edit", api_keys.key_edit, name="api_key_edit"),
    path("dashboard/keys/<str:key_id>/rotate", api_keys.key_rotate, name="api_key_rotate"),
    path("dashboard/keys/<str:key_id>/end-old", api_keys.key_end_overlap, name="api_key_end_old"),
    path("dashboard/keys/<str:key_id>/revoke", api_keys.key_revoke, name="api_key_revoke"),
    path("dashboard/keys/<str:key_id>/budget", api_key_caps.caps_page, name="key_budget"),
    path("dashboard/callbacks", webhooks.webhook_list, name="callbacks"),
    path("dashboard/callbacks/secret", webhooks.secret, name="callback_secret"),
    path("dashboard/callbacks/test", webhooks.test, name="callback_test"),
    path("dashboard/callbacks/replay", webhooks.replay_failed, name="callbacks_replay"),
    path(
        "dashboard/callbacks/endpoints/<str:public_id>",
        webhooks.endpoint,
        name="callback_endpoint",
    ),
    path("dashboard/callbacks/<str:public_id>", webhooks.webhook_detail, name="callback"),
    path("dashboard/callbacks/<str:public_id>/replay", webhooks.replay, name="callback_replay"),
]
