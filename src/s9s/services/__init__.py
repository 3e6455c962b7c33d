"""Use cases: what a caller can do with a cluster. No HTTP, and no Slurm daemon's formats."""
