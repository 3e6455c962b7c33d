"""What Slurm's error numbers mean to a client of ours: the one such table.

The numbers are those of Slurm's ``slurm_errno.h``, alike on 22.05, 24.11 and 26.05. HTTP statuses of
slurmrestd are no evidence: the same refusal is 500 on 22.05 and 24.11 and 422 on 26.05, and several come
with 200.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from s9s.domain.errors import (
    InvalidRequest,
    PermissionDenied,
    ResourceConflict,
    ResourceNotFound,
    S9SError,
    SlurmError,
    SlurmUnavailable,
    ValidationError,
)


class Problem(Struct, frozen=True, kw_only=True, gc=False):
    """One entry of an answer's ``errors`` or ``warnings``."""

    error_number: int = 0
    error: str | None = None
    description: str | None = None
    source: str | None = None

    @property
    def text(self) -> str:
        """Slurm's words."""
        said = [words for words in (self.error, self.description) if words and words != "Unspecified error"]
        return ": ".join(dict.fromkeys(said)) or f"error {self.error_number}"


class Asked(Struct, frozen=True, kw_only=True):
    """What was tried: ``Asked(action="hold job 12", resource_type="job", resource_id="12")``."""

    action: str
    resource_type: str = ""
    """``job``, ``node`` or ``""`` where no single resource is named."""
    resource_id: str = ""
    is_submission: bool = False


#: slurmctld, slurmdbd or the protocol below them is out of reach.
_OUTAGES: Final = frozenset({
    1,  # EPERM: what 24.11 and 26.05 say to a DELETE while slurmctld is down; a denial is 2002
    1800, 1801, 1802, 1803, 1804, 1805,  # to and from slurmctld, after 9 to 10 s
    1001, 1002, 1003, 1004, 1020, 1021, 1022, 1023, 1025,  # a connection, anywhere
    2027,  # slurmctld is the standby
    5004,  # socket timeout
    7000, 7008,  # slurmdbd, at once
})  # fmt: skip

_TOKEN_REFUSED: Final = frozenset({
    1007,  # 24.11, 26.05: HTTP 511
    5005,  # 22.05: the connection ended without an answer
    6000, 6001, 6004, 6006,  # credential invalid, expired, malformed, nobody's
    9008,  # slurmrestd's own check
})  # fmt: skip

_DENIED: Final = frozenset({
    2002,  # access denied
    2010,  # somebody else's job; a node, for all but administrators
    2095,  # a priority lowered by its owner
    2096, 2098,  # cron jobs
})  # fmt: skip

_CONFLICTS: Final = frozenset({
    2020,  # in transition; pending, and a signal was to be delivered
    2021,  # finished already
    2024,  # pending
    2028, 2180,  # a node's state does not allow the change
    2042,  # held
    2073, 2083, 2084, 2085, 2086, 2087,  # not pending, started, finished, not running, neither, not suspended
    2077,  # suspended
    2120,  # reboot in progress
})  # fmt: skip

_INVALID: Final = frozenset({
    2000, 2001, 2003, 2004, 2008,  # partition: unknown, no default, its groups, its nodes, no size
    2005, 2006, 2014, 2015, 2018, 2025, 2069, 2111,  # more than there is, no such nodes, absurd counts
    2009, 2012, 2019, 2023, 2063, 2090, 2127,  # script, lengths, environment, distribution, directory
    2029, 2114, 2121, 2133,  # features
    2031, 2036, 2038, 2071, 2081, 2105,  # what is not supported, dependencies, arrays, submissions disabled
    2040, 2044, 2048, 2072, 2102, 2115, 2117, 2119, 2122, 2132, 2134,  # licenses, memory, GRES, TRES
    2045, 2050, 2057, 2066, 2074, 2130,  # account, limits of accounting, WCKey, QOS, partition's accounts
    2051, 2054, 2123, 2124, 8000,  # times, nice, a site that wants a time limit
    2052, 2053, 2056,  # reservations
    2070, 2101,  # partition not available
    2173,  # no job was selected
})  # fmt: skip

#: Our own request was wrong in form. ``ESLURM_REST_*`` and ``ESLURM_DATA_*``.
_MALFORMED: Final = range(9000, 9400)

#: The last is what accounting says when it finds nothing.
_NO_SUCH_JOB: Final = frozenset({2017, *range(2136, 2150), 2165, 2166, 9003})
_NO_SUCH_NODE: Final = frozenset({2018})


def most_telling(problems: Sequence[Problem]) -> Problem:
    """One problem for a list of them: the first number that says something, and all the words."""
    first = next((problem for problem in problems if problem.error_number > 0), problems[0])
    texts = dict.fromkeys(problem.text for problem in problems)
    return Problem(error_number=first.error_number, error="; ".join(texts), source=first.source)


def error_of(problem: Problem, asked: Asked) -> S9SError:
    """The domain's error for a refusal; Slurm's number and text are under its details."""
    number, text = problem.error_number, problem.text
    details: dict[str, Any] = {"slurm_error_number": number or None, "slurm_error": text}
    refused = f"Slurm refused to {asked.action}: {text}"
    if number in _OUTAGES:
        return SlurmUnavailable(f"Slurm is out of reach: {text}", **details)
    if number in _TOKEN_REFUSED:
        return SlurmError(f"Slurm does not accept this server's token: {text}", **details)
    if (number in _NO_SUCH_JOB and asked.resource_type == "job") or (
        number in _NO_SUCH_NODE and asked.resource_type == "node"
    ):
        return ResourceNotFound.of(asked.resource_type, asked.resource_id)
    if number in _DENIED:
        return PermissionDenied(refused, **details)
    if number in _CONFLICTS and not asked.is_submission:
        return ResourceConflict(refused, **details)
    if number in _INVALID or number in _NO_SUCH_JOB or number in _NO_SUCH_NODE:
        return ValidationError(refused, **details)
    if number in _MALFORMED:
        return InvalidRequest(refused, **details)
    return SlurmError.of(asked.action, text, number or None)
