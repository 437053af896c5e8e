"""Jobs: what may be asked, submitting it, and every way a job changes until it has ended once.

Import it as `from generation import jobs`. `generation_request` checks what a customer asks for,
`submit` charges and stores it, `lifecycle` ends it, `cancel` takes it back, `idempotency` answers a
repeated submit, `long_polling` waits for the end, `representation` is a job as the API shows it.
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
