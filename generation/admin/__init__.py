"""The operator's view of the work; importing these modules registers it."""

from generation.admin import (
    callbacks,
    files,
    hours,
    jobs,
    margin,
    organizations,
    providers,
    work_queue,
)

__all__ = [
    "callbacks",
    "files",
    "hours",
    "jobs",
    "margin",
    "organizations",
    "providers",
    "work_queue",
]
