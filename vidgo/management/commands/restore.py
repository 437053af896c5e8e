"""`manage.py restore BACKUP`: bring database and files to what a backup holds."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vidgo import backups


class Command(BaseCommand):
    help = "Bring database and files to what a backup holds; all of it is checked first."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for the backup."""
        parser.add_argument("backup", type=Path, metavar="BACKUP")
        parser.add_argument(
            "--force", action="store_true", help="remove the data and the files there are first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore one backup and say what to do next."""
        try:
            with backups.own_database(may_run=False):
                manifest = backups.restore(
                    backup=options["backup"].resolve(), force=options["force"]
                )
        except backups.BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Restored {len(manifest.files) - 1} files and what the database was at")
        self.stdout.write(f"{manifest.made_at}, made by version {manifest.version}.")
        for name in backups.list_missing_secrets(manifest=manifest):
            self.stderr.write(f"{name} is another one now: what was made with it cannot be used.")
        self.stdout.write("Next: manage.py migrate, manage.py check_ledger, then start.")
