"""The queue: what workers are asked to do. The only package that knows django-q2.

Import it as `from vidgo.kernel import queue`. A task is named by its dotted path, so that apps need
not import each other, and carries ids at most: the rows say what is to be done, and a task that
runs twice or is lost changes nothing. A wake-up is a task without arguments that looks for all the
work there is.
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
from vidgo.kernel.queue.tasks import enqueue, notify, schedule
