"""The composition root: the one place that sees every package and puts them together."""

from s9s.app.clusters import open_backend
from s9s.app.server import serve

__all__ = ["open_backend", "serve"]
