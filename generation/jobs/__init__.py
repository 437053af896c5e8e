"""Jobs: validating a request, submitting it, and every change until the job ends, exactly once.

Import it as `from generation import jobs`. `generation_request` validates what a customer sends,
`submit` charges for it and stores it, `lifecycle` ends it, `cancel` cancels it, `idempotency`
answers a repeated submit, `long_polling` waits for the end, and `representation` is a job as the
API returns it.
"""

from generation.jobs.lifecycle import (
    WAKE_UP,
    AlreadyDone,
    expire_overdue,
    fail,
    finish,
    requeue,
    restart,
    snooze,
)
from generation.jobs.lookup import UnknownJob, get_job
from generation.jobs.submit import Submitted, submit
