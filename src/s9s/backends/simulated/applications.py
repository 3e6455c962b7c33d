"""What the synthetic users run."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from random import Random
from typing import Final

from msgspec import Struct

from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.nodes import Need
from s9s.backends.simulated.records import Course
from s9s.domain.accounting import User
from s9s.domain.jobs import Job, JobState

HOUR: Final = 3600


class Application(Struct, frozen=True, kw_only=True):
    """A kind of work."""

    names: tuple[str, ...]
    account: str
    partition: str
    weight: float
    """How often it is submitted."""
    cpus: int
    """On each node, on a cluster of medium load; scaled where there is more or less room for each job."""
    nodes: tuple[int, ...] = (1,)
    gpus: int = 0
    memory_per_cpu_mib: int = 2048
    hours: float = 1.0
    """Median run time."""
    failures: float = 0.06
    is_array: bool = False
    qos: str = "normal"


APPLICATIONS: Final = (
    Application(
        names=("train_resnet50", "train_bert", "finetune_llama"),
        account="research",
        partition="gpu",
        weight=7,
        cpus=16,
        gpus=2,
        memory_per_cpu_mib=4096,
        hours=2.5,
        failures=0.09,
    ),
    Application(
        names=("inference_batch", "eval_model"),
        account="research",
        partition="gpu",
        weight=5,
        cpus=8,
        gpus=1,
        memory_per_cpu_mib=4096,
        hours=0.4,
    ),
    Application(
        names=("hyperparameter_search",),
        account="research",
        partition="gpu",
        weight=0.5,
        cpus=8,
        gpus=1,
        memory_per_cpu_mib=4096,
        hours=0.5,
        is_array=True,
    ),
    Application(
        names=("notebook_export", "preprocess_images"),
        account="research",
        partition="normal",
        weight=8,
        cpus=4,
        hours=0.3,
    ),
    Application(
        names=("lattice_qcd", "monte_carlo"),
        account="physics",
        partition="normal,cpu",
        weight=7,
        cpus=32,
        nodes=(1, 2, 4),
        hours=2.0,
    ),
    Application(
        names=("detector_sim",),
        account="physics",
        partition="cpu",
        weight=1,
        cpus=4,
        hours=0.7,
        is_array=True,
    ),
    Application(
        names=("vasp_relax", "gaussian_opt", "cp2k_md"),
        account="chemistry",
        partition="cpu",
        weight=9,
        cpus=16,
        nodes=(1, 1, 2),
        hours=2.2,
        failures=0.08,
    ),
    Application(
        names=("gromacs_npt", "namd_prod"),
        account="chemistry",
        partition="gpu",
        weight=3,
        cpus=8,
        gpus=1,
        hours=3.0,
    ),
    Application(
        names=("blast_search", "bwa_align", "star_index"),
        account="biology",
        partition="normal",
        weight=12,
        cpus=8,
        memory_per_cpu_mib=4096,
        hours=0.5,
    ),
    Application(
        names=("variant_calling",),
        account="biology",
        partition="normal",
        weight=1,
        cpus=2,
        hours=0.4,
        is_array=True,
    ),
    Application(
        names=("wrf_forecast", "ocean_model"),
        account="climate",
        partition="normal",
        weight=4,
        cpus=32,
        nodes=(2, 4, 8),
        hours=3.0,
        qos="high",
    ),
    Application(
        names=("regrid_netcdf", "plot_fields"),
        account="climate",
        partition="normal",
        weight=9,
        cpus=2,
        hours=0.15,
    ),
    Application(
        names=("openfoam_wing", "ansys_crash"),
        account="engineering",
        partition="cpu",
        weight=6,
        cpus=32,
        nodes=(1, 2),
        hours=2.5,
    ),
    Application(
        names=("compile_solver", "unit_tests"),
        account="engineering",
        partition="debug",
        weight=3,
        cpus=4,
        hours=0.08,
        failures=0.25,
        qos="debug",
    ),
)


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
            templates = [
                _template(cluster, application, user, name, nodes, size)
                for user in members.get(application.account, ())
                for name in application.names
                for nodes in application.nodes
            ]
            self._templates += templates
            weights += [application.weight / len(templates)] * len(templates)
        self._cumulated = list(accumulate(weights))

    def draw(self, random: Random) -> Plan:
        """The next job."""
        template = self._templates[bisect(self._cumulated, random.random() * self._cumulated[-1])]
        application = template.application
        seconds = random.lognormvariate(0.0, 0.9) * application.hours * HOUR
        longest = HOUR / 2 if application.partition == "debug" else 40 * HOUR
        seconds = max(5.0, min(seconds, longest * 0.9) * self._pace)
        limit = min(seconds * (1.1 + 2.5 * random.random()), longest * max(self._pace, 0.01))
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


def _template(
    cluster: Cluster, application: Application, user: User, name: str, nodes: int, size: float
) -> _Template:
    partition = application.partition.split(",")[0]
    # The smallest kind of node counts, so that every node of the partition will do.
    smallest = min(
        (spec for spec in cluster.pool.specs if partition in spec.partitions), key=lambda spec: spec.cpus
    )
    nodes = min(
        nodes, cluster.partitions[partition].max_nodes or nodes, cluster.partitions[partition].nodes_total
    )
    cpus = max(1, min(round(application.cpus * size), smallest.cpus))
    memory = min(cpus * application.memory_per_cpu_mib, smallest.memory_mib)
    directory = f"/home/{user.username}/{name}"
    return _Template(
        application,
        Job(
            job_id="",
            numeric_id=0,
            job_name=name,
            user=user.username,
            state=JobState.PENDING,
            account=application.account,
            partition=application.partition,
            qos=application.qos,
            submit_time=0,
            node_count=nodes,
            cpu_count=cpus * nodes,
            memory_mib=memory * nodes,
            gpus=application.gpus * nodes,
            working_directory=directory,
            command=f"{directory}/run.sh",
            reason="Priority",
        ),
        Need(
            nodes=nodes,
            cpus=cpus,
            memory_mib=memory,
            gpus=application.gpus,
            total_cpus=cpus * nodes,
            total_gpus=application.gpus * nodes,
        ),
    )
