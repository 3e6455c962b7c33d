"""How a path names a job."""

from __future__ import annotations

from typing import Annotated

from litestar.params import Parameter

JobId = Annotated[
    str, Parameter(description="Job id: `12345`, `12345_7` (array task), `12345+1` (het component)")
]
