"""What aiworker.queue relies on in bullmq 3.4; everything else is left out on purpose."""

from bullmq.abort_controller import AbortController as AbortController
from bullmq.abort_controller import AbortSignal as AbortSignal
from bullmq.custom_errors import DelayedError as DelayedError
from bullmq.custom_errors import UnrecoverableError as UnrecoverableError
from bullmq.custom_errors import WaitingChildrenError as WaitingChildrenError
from bullmq.job import Job as Job
from bullmq.queue import Queue as Queue
from bullmq.worker import Worker as Worker

__version__: str
