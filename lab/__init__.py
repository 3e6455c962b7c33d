"""The lab: a real multi-node Slurm on one host, for tests, demos and benchmarks."""

from lab.cluster import Lab
from lab.errors import LabError, LabUnavailable

__all__ = ["Lab", "LabError", "LabUnavailable"]
