"""The admin of jobs, webhooks, providers and the queue; importing these modules registers it."""

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
