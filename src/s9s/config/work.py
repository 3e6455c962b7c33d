"""Background work: who does it, how much of it there may be, and where its files are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from s9s.config.section import AbsolutePath, Section, Text


class Work(Section):
    """Background work: exports and reports."""

    processes: Annotated[int, Field(ge=0, le=64)] = 1
    """Processes that the server starts when there is something to do; 0 leaves it all to `s9s worker`."""
    running_per_user: Annotated[int, Field(ge=1, le=1000)] = 2
    """Pieces of work of one user that are done at the same time."""
    unfinished_per_user: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Pieces of work of one user that may wait or be under way; more are refused (429)."""
    unfinished: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """The same of all users together."""


class Exports(Section):
    """Files of exports."""

    lifetime_seconds: Annotated[int, Field(ge=60, le=365 * 86400)] = 86400
    """How long a file can be fetched, from when it was asked for; then it is deleted."""


class Artifacts(Section):
    """Where the files of exports and reports are: in the state directory, or in S3-compatible storage."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,62}$", examples=["s9s-files"])] | None = None
    """Bucket (package `s9s[s3]`); unset is the directory `files` in the state directory."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]*$", examples=["s9s/"])] = "s9s"
    """What the names of objects begin with."""
    endpoint: (
        Annotated[str, Field(pattern=r"^https?://\S+$", examples=["https://minio.example.com:9000"])] | None
    ) = None
    """Address of the storage; unset is that of AWS in the region."""
    region: Text = "us-east-1"
    """Region of the bucket."""
    access_key_id: Text | None = None
    """Key to the bucket; unset is the role of the host."""
    secret_access_key_file: AbsolutePath | None = None
    """File with the secret of the key, readable by the server's user only."""
