"""What the synthetic users run."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

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
        weight=3.5,
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
        weight=0.3,
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
        weight=2,
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


#: Tasks in an array, on average; see `Plan.is_array`.
ARRAY_TASKS: Final = (4, 30)
MEAN_ARRAY_TASKS: Final = sum(ARRAY_TASKS) / 2

#: Run times are lognormal: the median times this is the mean.
SIGMA: Final = 0.9
_MEAN_FACTOR: Final = 1.5


def _jobs_of(application: Application) -> float:
    """How many jobs of this kind there are, relative to others."""
    return application.weight * (MEAN_ARRAY_TASKS if application.is_array else 1)


_JOBS: Final = sum(map(_jobs_of, APPLICATIONS))
_HOURS: Final = sum(_jobs_of(application) * application.hours for application in APPLICATIONS)

#: A job's mean run time.
MEAN_SECONDS: Final = HOUR * _MEAN_FACTOR * _HOURS / _JOBS
#: The mean CPUs of a job that is found running (long ones are found more often).
MEAN_RUNNING_CPUS: Final = (
    sum(
        _jobs_of(application)
        * application.hours
        * application.cpus
        * sum(application.nodes)
        / len(application.nodes)
        for application in APPLICATIONS
    )
    / _HOURS
)
#: Jobs in a submission, on average.
MEAN_TASKS: Final = _JOBS / sum(application.weight for application in APPLICATIONS)
