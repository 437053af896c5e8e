"""`manage.py doctor`: look at everything, say what to do, exit 1 when anything is wrong."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from vidgo.kernel.ops import doctor
from vidgo.kernel.ops.doctor import Finding, State

MARKS = {State.OK: "ok", State.FAULT: "!!", State.SKIPPED: "--"}


class Command(BaseCommand):
    help = "Look at everything this copy needs; exit 1 and say what to do when anything is wrong."
    # The doctor runs them itself, and tells of each instead of ending at the first.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option for programs."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each finding as it comes."""
        findings = []
        for finding in doctor.examine():
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
    line = f"{MARKS[finding.state]}  {name}: {finding.says}"
    return f"{line} — {finding.to_do}" if finding.to_do else line
