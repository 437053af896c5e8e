"""Look up one job of an organization, with its file, in one query."""

from __future__ import annotations

from accounts.models import Organization
from generation.models import Asset, Job
from vidgo.kernel import errors
from vidgo.kernel.db import raw_models

# By hand, because every poll takes this path.
FIND = f"""
SELECT {raw_models.columns(Job, alias="j")}, {raw_models.columns(Asset, alias="a")}
  FROM generation_job j LEFT JOIN generation_asset a ON a.job_id = j.id
 WHERE j.public_id = %(public_id)s AND j.organization_id = %(organization)s
"""  # noqa: S608  only the names of columns are put in


class UnknownJob(errors.NotFound):
    default_message = "There is no such task."


def get_job(*, organization: Organization, public_id: str) -> Job:
    """Return an organization's job with its file; raises `UnknownJob`, also for others' jobs."""
    row = raw_models.fetch_one(FIND, {"public_id": public_id, "organization": organization.pk})
    if row is None:
        raise UnknownJob
    split = len(raw_models.names(Job))
    job = raw_models.instance(Job, row[:split])
    job.organization = organization
    # Caches None, too, so that a job without a file is not looked up again.
    asset = raw_models.instance(Asset, row[split:]) if row[split] is not None else None
    Job._meta.get_field("asset").set_cached_value(job, asset)
    if asset is not None:
        asset.job = job
    return job
