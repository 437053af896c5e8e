"""`manage.py restore BACKUP`: replace the database and the files with those of a backup."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vidgo import backups


class Command(BaseCommand):
    help = "Replace the database and the files with those of a backup, which is checked first."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add BACKUP and `--force`."""
        parser.add_argument("backup", type=Path, metavar="BACKUP")
        parser.add_argument(
            "--force", action="store_true", help="remove the existing data and files first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore a backup and print what to do next."""
        try:
            with backups.own_database(may_run=False):
                manifest = backups.restore(
                    backup=options["backup"].resolve(), force=options["force"]
                )
        except backups.BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Restored {len(manifest.files) - 1} files and the database as of")
        self.stdout.write(f"{manifest.made_at}, made by version {manifest.version}.")
        for name in backups.list_missing_secrets(manifest=manifest):
            self.stderr.write(f"{name} has changed: what depends on the old one cannot be used.")
        self.stdout.write("Next: manage.py migrate, manage.py check_ledger, then start.")
