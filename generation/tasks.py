"""What the queue may call, by dotted path. Each looks at rows; a repeated call is harmless."""

import structlog

from billing import books
from generation import assets, engine, inputs, jobs, uploads
from vidgo.kernel import queue

log = structlog.get_logger(__name__)

# Task, name of its schedule, minutes between two runs.
SCHEDULES = (
    ("generation.tasks.drive", "drive", 1),
    ("generation.tasks.reap", "reap", 1),
    ("generation.tasks.sweep", "sweep", 60),
    ("generation.tasks.audit", "audit", 24 * 60),
)


def drive() -> None:
    """Drive jobs for one slice."""
    engine.drive()


def reap() -> None:
    """End what waited past its deadline."""
    if expired := jobs.expire_overdue():
        log.warning("jobs_expired", jobs=expired)


def sweep() -> None:
    """Remove the files whose retention is over."""
    log.info(
        "files_removed",
        results=assets.remove_expired(),
        inputs=inputs.remove_expired(),
        uploads=uploads.remove_expired(),
    )


def audit() -> None:
    """Check the books and log each broken rule as an error."""
    for violation in books.check():
        log.error("books_broken", sentence=violation.sentence, row=str(violation.row))


def schedule_all() -> None:
    """Store the schedules; called after each migration."""
    for task, name, minutes in SCHEDULES:
        queue.schedule(task, name=name, minutes=minutes)
