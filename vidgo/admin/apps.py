"""Django's admin application with our site."""

from django.contrib.admin.apps import AdminConfig


class OperatorAdminConfig(AdminConfig):
    default_site = "vidgo.admin.site.OperatorSite"
