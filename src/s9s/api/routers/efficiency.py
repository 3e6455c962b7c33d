"""The route of efficiency."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.di import NamedDependency

from s9s.api.schemas.efficiency import (
    EfficiencyList,
    EfficiencyParameters,
    figures,
    group_entry,
    job_entry,
)
from s9s.api.values import csv, duration, instant, words
from s9s.domain.efficiency import RUNNING_STATES, EfficiencyQuery
from s9s.domain.errors import ValidationError
from s9s.domain.instants import format_instant
from s9s.domain.jobs import JobState
from s9s.services.access import Caller
from s9s.services.efficiency.service import Efficiencies

#: The days that an answer is about when nobody says.
_USUAL_SECONDS: Final = 30 * 86_400
_STATES: Final = tuple(state.value for state in JobState if state.is_finished or state in RUNNING_STATES)


@get(
    "/metrics/efficiency",
    scope="metrics:read",
    parameters=EfficiencyParameters,
    tags=["Metrics"],
    summary="Job efficiency",
)
async def get_efficiency(
    parameters: NamedDependency[EfficiencyParameters],
    caller: NamedDependency[Caller],
    efficiencies: NamedDependency[Efficiencies],
) -> EfficiencyList:
    """How well jobs used CPUs, memory and GPUs, what they wasted, and what to ask for instead.

    One entry for each job, or sums by user, account, partition or kind of job, the most wasteful first.
    Efficiencies are those of `seff`; what nobody has measured is null. Jobs that never ran are left out.
    Finished jobs, and with `state=RUNNING` (also beside others) those that run, as of now.
    """
    end = instant("end_time", parameters.end_time)
    end = efficiencies.now() if end is None else end
    start = instant("start_time", parameters.start_time)
    start = max(0, end - _USUAL_SECONDS) if start is None else start
    if end < start:
        raise ValidationError.of(
            "end_time",
            parameters.end_time,
            f"a time at or after start_time {parameters.start_time or ''}".strip(),
        )
    runtime = duration("min_runtime", parameters.min_runtime)
    if runtime is not None and runtime < 0:
        raise ValidationError.of("min_runtime", parameters.min_runtime, "a duration that is not unlimited")
    query = EfficiencyQuery(
        start_time=start,
        end_time=end,
        states=words("state", parameters.state, _STATES),
        users=csv(parameters.user),
        accounts=csv(parameters.account),
        partitions=csv(parameters.partition),
        names=None if parameters.job_name is None else frozenset([parameters.job_name]),
        min_runtime_seconds=runtime or 0,
        min_cpus=parameters.min_cpus,
        min_wasted_cpu_seconds=parameters.min_wasted_cpu_hours * 3600,
        sort=parameters.sort,
        descending=parameters.order == "desc",
        limit=parameters.limit,
        offset=parameters.offset,
    )
    found = await efficiencies.find(query, caller, parameters.group_by)
    entries = [*map(job_entry, found.jobs), *map(group_entry, found.groups)]
    return EfficiencyList(
        total=found.total,
        limit=query.limit,
        offset=query.offset,
        has_more=query.offset + len(entries) < found.total,
        efficiency=entries,
        summary=figures(found.sums),
        group_by=parameters.group_by,
        start_time=format_instant(start),
        end_time=format_instant(end),
    )


ROUTES = [get_efficiency]
