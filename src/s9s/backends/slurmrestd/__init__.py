"""A cluster reached through slurmrestd, Slurm's own REST API."""

from s9s.backends.slurmrestd.backend import RestBackend
from s9s.backends.slurmrestd.tokens import KeyTokens, OwnToken, TokenSource, UnusableKey

__all__ = ["KeyTokens", "OwnToken", "RestBackend", "TokenSource", "UnusableKey"]
