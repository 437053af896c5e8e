"""`manage.py make_examples`: redraw the public pages' pictures, to be committed."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from generation.site import examples, social_card


class Command(BaseCommand):
    help = "Draw the example pictures, the icons and the social card into static/images."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write every file and print its size."""
        drawn = {example.path: examples.encode(example) for example in examples.EXAMPLES}
        for name, content in {**drawn, **social_card.files()}.items():
            path = Path(settings.BASE_DIR) / "static" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            self.stdout.write(f"{len(content):>7,}  {name}")
