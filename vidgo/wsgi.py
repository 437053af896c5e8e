"""The WSGI entry point: `gunicorn vidgo.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vidgo.settings")

application = get_wsgi_application()
