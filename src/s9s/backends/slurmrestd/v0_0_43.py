"""v0.0.43 (Slurm 25.05) to v0.0.44 (25.11).

What differs is not used here: jobs lack ``submit_line`` and ``step_id``, and there is no ``new/node`` or
``resources/{job_id}``.
"""

from __future__ import annotations

from s9s.backends.slurmrestd.steps import Step

STEP = Step(version="v0.0.43")
