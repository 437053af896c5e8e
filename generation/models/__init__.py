"""The models of generation, one module for each noun."""

from generation.models.callbacks import (
    Callback,
    CallbackEndpoint,
    CallbackEndpointQuerySet,
    CallbackQuerySet,
    CallbackSecret,
    CallbackTry,
)
from generation.models.daily_totals import DailyMargin, DailyUsage
from generation.models.idempotency import (
    KEY_MAX_CHARACTERS,
    IdempotencyKey,
    IdempotencyKeyQuerySet,
)
from generation.models.jobs import (
    ENDS,
    FAILURE_KINDS,
    PROMPT_SEARCHED,
    PROMPT_SEARCHED_CHARACTERS,
    Asset,
    Attempt,
    Job,
    JobQuerySet,
    Status,
    new_attempt_token,
    new_job_id,
)
from generation.models.providers import ProviderState
from generation.models.uploads import Upload, UploadQuerySet, new_upload_id
