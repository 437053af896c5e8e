"""The addresses of the public site and of the dashboard's pages about generating."""

from django.urls import include, path

from generation.pages import callbacks, closing, jobs, keys, overview, playground, usage

urlpatterns = [
    path("dashboard/settings/delete", closing.delete_page, name="organization_delete"),
    path("", include("generation.pages.site.urls")),
    path("", include("generation.pages.guide.urls")),
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
    path("dashboard/keys", keys.key_list, name="api_keys"),
    path("dashboard/keys/new", keys.key_new, name="api_key_new"),
    path("dashboard/keys/<str:key_id>", keys.key_detail, name="api_key"),
    path("dashboard/keys/<str:key_id>/edit", keys.key_edit, name="api_key_edit"),
    path("dashboard/keys/<str:key_id>/rotate", keys.key_rotate, name="api_key_rotate"),
    path("dashboard/callbacks", callbacks.callback_list, name="callbacks"),
    path("dashboard/callbacks/secret", callbacks.secret, name="callback_secret"),
    path("dashboard/callbacks/test", callbacks.test, name="callback_test"),
    path("dashboard/callbacks/replay", callbacks.replay_failed, name="callbacks_replay"),
    path(
        "dashboard/callbacks/endpoints/<str:public_id>",
        callbacks.endpoint,
        name="callback_endpoint",
    ),
    path("dashboard/callbacks/<str:public_id>", callbacks.callback_detail, name="callback"),
    path("dashboard/callbacks/<str:public_id>/replay", callbacks.replay, name="callback_replay"),
]
