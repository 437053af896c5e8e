"""The queue of background tasks. The only package that imports django-q2.

Import it as `from vidgo.kernel import queue`. A task is named by its dotted path, so that apps need
not import each other, and its arguments are ids at most: the database rows say what to do, so a
task that runs twice or is lost does no harm. A wake-up is a task without arguments that looks for
all due work; wake-ups of the same task are coalesced.
"""

from vidgo.kernel.queue.cluster import cluster_name, heartbeat
from vidgo.kernel.queue.status import (
    QueueStatus,
    count_failures,
    forget_failures,
    is_idle,
    list_scheduled,
    read_status,
)
from vidgo.kernel.queue.tasks import enqueue, schedule
from vidgo.kernel.queue.wake_ups import notify
