"""`manage.py doctor`: check everything, say how to fix what is wrong, exit 1 on a fault."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from vidgo.kernel.ops import doctor
from vidgo.kernel.ops.doctor import Finding, State

MARKS = {State.OK: "ok", State.FAULT: "!!", State.SKIPPED: "--"}


class Command(BaseCommand):
    help = "Check everything this copy needs; exit 1 and say what to do if anything is wrong."
    # The doctor runs them itself and reports each one.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--json`."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each finding as soon as its check has run."""
        findings = []
        for finding in doctor.run_checks():
            findings.append(finding)
            if not options["json"]:
                self.stdout.write(line_of(finding))
                self.stdout.flush()
        faults = sum(finding.state is State.FAULT for finding in findings)
        if options["json"]:
            report = {"ok": not faults, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(report, indent=2))
        if faults:
            sys.exit(1)


def line_of(finding: Finding) -> str:
    """Return a finding as a line of text."""
    name = f"{finding.name} {finding.about}".strip()
    line = f"{MARKS[finding.state]}  {name}: {finding.message}"
    return f"{line} — {finding.to_do}" if finding.to_do else line
