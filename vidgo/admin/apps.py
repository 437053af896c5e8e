"""Django's admin application with our site in it."""

from django.contrib.admin.apps import AdminConfig


class OperatorAdminConfig(AdminConfig):
    default_site = "vidgo.admin.site.OperatorSite"
