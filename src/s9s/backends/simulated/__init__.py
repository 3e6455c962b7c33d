"""The simulated cluster: an honest discrete-event Slurm inside the server's process."""

from s9s.backends.simulated.backend import SimulatedBackend
from s9s.backends.simulated.clock import Clock

__all__ = ["Clock", "SimulatedBackend"]
