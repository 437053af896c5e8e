"""The operator's view of the work; importing these modules registers it."""

from generation.admin import (
    files,
    hourly_stats,
    jobs,
    margins,
    organizations,
    providers,
    webhooks,
    work_queue,
)
