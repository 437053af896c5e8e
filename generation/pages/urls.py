"""The addresses of the public site and of the dashboard's pages about generating."""

from django.urls import path

from generation.pages import jobs, overview, playground, site

urlpatterns = [
    path("", site.home, name="home"),
    path("models", site.models, name="models"),
    path("pricing", site.pricing, name="pricing"),
    path("dashboard", overview.overview, name="dashboard"),
    path("dashboard/playground", playground.playground, name="playground"),
    path("dashboard/jobs", jobs.job_list, name="jobs"),
    path("dashboard/jobs/<str:public_id>", jobs.job_detail, name="job"),
    path("dashboard/jobs/<str:public_id>/live", jobs.job_live, name="job_live"),
    path("dashboard/jobs/<str:public_id>/input", jobs.job_input, name="job_input"),
]
