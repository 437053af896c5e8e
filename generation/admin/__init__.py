"""The operator's view of the work; importing these modules registers it."""

from generation.admin import callbacks, files, jobs, margin, organizations, providers, work_queue

__all__ = ["callbacks", "files", "jobs", "margin", "organizations", "providers", "work_queue"]
