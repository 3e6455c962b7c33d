"""A client of S9S, the REST API server for Slurm: `S9SClient`, and `AsyncS9SClient` for asyncio.

client = S9SClient()  # S9S_API_URL and S9S_API_TOKEN
job = client.jobs.submit(script="/bin/sleep 60")
print(client.jobs.wait(job.job_id).state)
"""

from s9s_client import models
from s9s_client._async.client import AsyncS9SClient
from s9s_client._sync.client import S9SClient
from s9s_client.errors import (
    APIError,
    AuthenticationFailed,
    InternalError,
    InvalidRequest,
    PermissionDenied,
    RateLimitExceeded,
    ReplayUnavailable,
    RequestTimeout,
    ResourceConflict,
    ResourceNotFound,
    S9SError,
    SlurmError,
    SlurmUnavailable,
    TransportError,
    ValidationError,
    WaitTimeout,
    WorkFailed,
)
from s9s_client.policy import Policy
from s9s_client.version import VERSION

__version__ = VERSION

__all__ = [
    "APIError",
    "AsyncS9SClient",
    "AuthenticationFailed",
    "InternalError",
    "InvalidRequest",
    "PermissionDenied",
    "Policy",
    "RateLimitExceeded",
    "ReplayUnavailable",
    "RequestTimeout",
    "ResourceConflict",
    "ResourceNotFound",
    "S9SClient",
    "S9SError",
    "SlurmError",
    "SlurmUnavailable",
    "TransportError",
    "ValidationError",
    "WaitTimeout",
    "WorkFailed",
    "__version__",
    "models",
]
