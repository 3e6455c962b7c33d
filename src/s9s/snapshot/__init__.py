"""One cluster's state in memory: tables, questions to them, and the watcher that keeps them true.

Nothing here knows HTTP or any of Slurm's formats. Tables belong to the event loop: they are
changed and read there, and never wait for anything.
"""
