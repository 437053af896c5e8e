"""`manage.py backup FOLDER`: write the database and all files into a new folder there."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vidgo import backups


class Command(BaseCommand):
    help = "Write the database and all files into a new folder in FOLDER, with checksums."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add FOLDER."""
        parser.add_argument("folder", type=Path, metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write a backup and print its path."""
        try:
            with backups.own_database(may_run=True):
                place = backups.write(folder=options["folder"].resolve())
        except backups.BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(str(place))
