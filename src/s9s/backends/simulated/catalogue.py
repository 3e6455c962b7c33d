"""The jobs that the synthetic users submit, drawn from what they run."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from random import Random

from msgspec import Struct

from s9s.backends.simulated.applications import (
    APPLICATIONS,
    HOUR,
    MEAN_ARRAY_TASKS,
    SIGMA,
    Application,
)
from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.records import Course
from s9s.backends.simulated.resources import Need
from s9s.domain.accounting import User
from s9s.domain.jobs import Job, JobState


class Plan(Struct, frozen=True):
    """A job that somebody is about to submit."""

    prototype: Job
    """All but ids and times."""
    need: Need
    course: Course
    time_limit_seconds: int
    is_array: bool


class _Template(Struct, frozen=True):
    application: Application
    prototype: Job
    need: Need


class Catalogue:
    """Draws jobs as the cluster's users would submit them.

    Args:
        cluster: Whose users and nodes there are.
        size: Scales the CPUs of a job.
        pace: Scales run times.
    """

    def __init__(self, cluster: Cluster, *, size: float, pace: float) -> None:
        self._pace = pace
        self._templates: list[_Template] = []
        weights: list[float] = []
        members: dict[str, list[User]] = {}
        for user in cluster.accounts.users(cluster.now):
            members.setdefault(user.default_account or "", []).append(user)
        for application in APPLICATIONS:
            needs = [_need(cluster, application, nodes, size) for nodes in application.nodes]
            templates = [
                _Template(application, _prototype(application, user, name, need), need)
                for user in members.get(application.account, ())
                for name in application.names
                for need in needs
            ]
            self._templates += templates
            weights += [application.weight / len(templates)] * len(templates)
        self._submitted = list(accumulate(weights))
        self._running = list(
            accumulate(
                weight
                * template.application.hours
                * (MEAN_ARRAY_TASKS if template.application.is_array else 1)
                for weight, template in zip(weights, self._templates, strict=True)
            )
        )

    def draw(self, random: Random) -> Plan:
        """The next job that is submitted."""
        return self._plan(random, self._submitted, 0.0)

    def draw_running(self, random: Random) -> Plan:
        """A job that is found running: more probably one of the long ones."""
        return self._plan(random, self._running, SIGMA**2)

    def _plan(self, random: Random, cumulated: list[float], mean: float) -> Plan:
        template = self._templates[bisect(cumulated, random.random() * cumulated[-1])]
        application = template.application
        hours = random.lognormvariate(mean, SIGMA) * application.hours
        longest = 0.5 if application.partition == "debug" else 40.0
        seconds = max(5.0, min(hours, longest * 0.9) * HOUR * self._pace)
        limit = min(seconds * (1.1 + 2.5 * random.random()), longest * HOUR * max(self._pace, 0.01))
        limit_minutes = max(1, round(limit / 60) if limit < HOUR else round(limit / 900) * 15)
        return Plan(
            template.prototype,
            template.need,
            _course(random, application, int(seconds)),
            limit_minutes * 60,
            application.is_array,
        )


def _course(random: Random, application: Application, seconds: int) -> Course:
    used = 0.55 + 0.43 * random.random()
    memory = 0.25 + 0.7 * random.random()
    fate = random.random()
    if fate < application.failures:
        code = random.choice((1, 1, 1, 2, 127, 134))
        return Course(max(1, int(seconds * random.random() ** 2)), JobState.FAILED, code, None, used, memory)
    if fate < application.failures + 0.01:
        return Course(seconds, JobState.OUT_OF_MEMORY, 0, 9, used, 1.0)
    if fate < application.failures + 0.04:
        return Course(int(seconds * random.random()), JobState.CANCELLED, 0, 15, used, memory)
    if fate < application.failures + 0.06:
        # Runs into its time limit.
        return Course(seconds * 20, JobState.COMPLETED, 0, None, used, memory)
    return Course(seconds, JobState.COMPLETED, 0, None, used, memory)


def _need(cluster: Cluster, application: Application, nodes: int, size: float) -> Need:
    name = application.partition.split(",")[0]
    partition = cluster.partitions[name]
    # The smallest kind of node counts, so that every node of the partition will do.
    specs = [spec for spec in cluster.pool.specs if name in spec.partitions]
    smallest = min(specs, key=lambda spec: spec.cpus)
    open_to_all = len(
        {spec.name for spec in specs} - {cluster.pool.names[node] for node in cluster.pool.spared}
    )
    nodes = min(nodes, partition.max_nodes or nodes, open_to_all)
    cpus = max(1, min(round(application.cpus * size), smallest.cpus))
    return Need(
        nodes=nodes,
        cpus=cpus,
        memory_mib=min(cpus * application.memory_per_cpu_mib, smallest.memory_mib),
        gpus=application.gpus,
        total_cpus=cpus * nodes,
        total_gpus=application.gpus * nodes,
        excluded=cluster.pool.spared,
    )


def _prototype(application: Application, user: User, name: str, need: Need) -> Job:
    directory = f"/home/{user.username}/{name}"
    return Job(
        job_id="",
        numeric_id=0,
        job_name=name,
        user=user.username,
        state=JobState.PENDING,
        account=application.account,
        partition=application.partition,
        qos=application.qos,
        submit_time=0,
        node_count=need.nodes,
        cpu_count=need.total_cpus,
        memory_mib=need.memory_mib * need.nodes,
        gpus=need.total_gpus,
        working_directory=directory,
        command=f"{directory}/run.sh",
        reason="Priority",
    )
