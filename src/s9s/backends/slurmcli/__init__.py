"""A cluster reached with Slurm's own commands: one command, one module, each with ``argv`` and ``parse``.

Written for and tried with 22.05, 24.11 and 26.05; only text formats, since JSON costs clients tens of times
as much and 22.05 has it in four commands only. A statement without a version holds for all three.
"""

from s9s.backends.slurmcli.backend import CommandLineBackend

__all__ = ["CommandLineBackend"]
