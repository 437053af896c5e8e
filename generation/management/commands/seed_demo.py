"""`manage.py seed_demo`: create the demo organization of a development copy, once."""

import json
import os
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import api_keys, organizations
from accounts.audit import SYSTEM
from accounts.models import User
from billing import grants
from vidgo.kernel.db import ids

EMAIL = "demo@vidgo.local"
CREDITS = 1000


class Command(BaseCommand):
    help = "Create the demo organization with credits and a key, and write VIDGO_DATA/demo.json."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed an empty copy; later, only update the base URL."""
        if settings.PRODUCTION:
            raise CommandError("The demo organization is for development copies only.")
        path = Path(settings.VIDGO_DATA) / "demo.json"
        if User.objects.filter(email=EMAIL).exists():
            if path.exists():
                known = json.loads(path.read_text())
                write(path, {**known, "base_url": settings.VIDGO_PUBLIC_URL})
            return
        password = ids.random_base62(16)
        with transaction.atomic():
            user = User.objects.create_user(EMAIL, password, is_staff=True, is_superuser=True)
            EmailAddress.objects.create(user=user, email=EMAIL, primary=True, verified=True)
            organization = organizations.create(name="Demo", owner=user)
            issued = api_keys.issue(organization=organization, name="Demo", actor=SYSTEM)
        grants.give(
            organization=organization, amount_credits=CREDITS, reason="Demo credits", actor=SYSTEM
        )
        write(
            path,
            {
                "base_url": settings.VIDGO_PUBLIC_URL,
                "email": EMAIL,
                "password": password,
                "api_key": issued.plaintext,
            },
        )


def write(path: Path, content: dict[str, str]) -> None:
    """Replace the file atomically, readable only by its owner."""
    draft = path.with_suffix(".json.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(path)
