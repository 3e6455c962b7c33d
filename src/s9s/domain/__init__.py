"""What S9S is about: jobs, nodes, partitions, users, and the words Slurm has for their amounts.

Standard library and msgspec only. Nothing here knows HTTP, and nothing here knows how a
Slurm daemon or tool spells its answers; the notations that people write themselves
(durations, memory, hostlists, TRES, ``#SBATCH``) do belong here.

Conventions that hold everywhere below this package:

- An *instant* is whole seconds since the epoch, UTC, as ``int``; ``None`` means unset.
- A *span* is whole seconds as ``int``, named ``..._seconds``; `durations.UNLIMITED` stands for no limit.
- Memory is MiB as ``int``, named ``..._mib``.
"""
