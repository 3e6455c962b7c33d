"""v0.0.44 (Slurm 25.11) to v0.0.45 (26.05).

What differs, of what is used here:

- There is no ``conf`` route: PrivateData, MinJobAge and the like cannot be asked.
- There is no ``job/{id}/requeue``.
- A partition does not say that it is the default one (no ``flags``).

Without consequence: pings have ``pinged`` and ``mode`` in place of ``status``; jobs and nodes have ``power``;
jobs lack ``container_type`` and the ``memory_update_*`` fields; nodes lack ``suspend_time``; accounted jobs
lack ``sluid``, ``exclusive`` and ``oversubscribe``.
"""

from __future__ import annotations

from s9s.backends.slurmrestd.steps import Step

STEP = Step(
    version="v0.0.44",
    lacks={
        "show configuration": "slurmrestd tells its configuration from v0.0.45 on",
        "tell the default partition": "slurmrestd tells which partition is the default from v0.0.45 on",
        "requeue": "slurmrestd requeues jobs from v0.0.45 on",
    },
)
