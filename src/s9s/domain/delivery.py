"""What can become of a message that leaves the server."""

from __future__ import annotations


class DeliveryFailed(Exception):
    """It did not arrive. ``str()`` says why, for the person who asked for it; it holds no secret.

    Args:
        reason: One clause: ``mail.example.com refuses alice@example.com: no such user``.
        is_final: Whether trying again is of no use.
    """

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final
