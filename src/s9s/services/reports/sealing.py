"""What webhooks are signed with, as it stands in the database: sealed."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Final

from s9s.storage.sealing import Seal

_PURPOSE: Final = "report webhook"
_MARK: Final = "sealed:"


def sealed(seal: Seal, secret: str) -> str:
    """A secret, encrypted; blocks. Raises `Unsealable`."""
    return _MARK + b64encode(seal.close(secret, _PURPOSE)).decode()


def opened(seal: Seal, text: str) -> str:
    """The secret; what earlier versions kept without a seal is given back. Blocks; raises `Unsealable`."""
    if not text.startswith(_MARK):
        return text
    return seal.open(b64decode(text.removeprefix(_MARK)), _PURPOSE)
