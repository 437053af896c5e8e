"""The addresses of the public site and of the dashboard's pages about generating."""

from django.urls import path

from generation.pages import callbacks, jobs, overview, playground, site

urlpatterns = [
    path("", site.home, name="home"),
    path("models", site.models, name="models"),
    path("pricing", site.pricing, name="pricing"),
    path("dashboard", overview.overview, name="dashboard"),
    path("dashboard/playground", playground.playground, name="playground"),
    path("dashboard/jobs", jobs.job_list, name="jobs"),
    path("dashboard/jobs/<str:public_id>", jobs.job_detail, name="job"),
    path("dashboard/jobs/<str:public_id>/live", jobs.job_live, name="job_live"),
    path("dashboard/jobs/<str:public_id>/cancel", jobs.job_cancel, name="job_cancel"),
    path("dashboard/jobs/<str:public_id>/input", jobs.job_input, name="job_input"),
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
