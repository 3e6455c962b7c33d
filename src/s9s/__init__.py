"""S9S: a REST and WebSocket API server for Slurm clusters."""

__version__ = "0.1.0"
