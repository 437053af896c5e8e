#!/usr/bin/env python
"""Django's command line for Vidgo."""

import os
import sys


def main() -> None:
    """Run a command; report an invalid setting in one line instead of a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vidgo.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.INSTALLED_APPS  # noqa: B018  reading one setting loads them all
    except ImproperlyConfigured as error:
        sys.stderr.write(f"vidgo: {error}\n")
        sys.exit(2)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
