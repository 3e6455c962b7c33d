"""Tokens of auth/jwt (HS256), as `scontrol token` makes them."""

import base64
import hashlib
import hmac
import json
import time


def mint(user: str, key: bytes, lifespan: int = 3600) -> str:
    """Token for a user of Slurm, valid for `lifespan` seconds; slurmctld wants whole seconds."""
    now = int(time.time())
    claims = {"sun": user, "iat": now, "exp": now + lifespan}
    signed = b".".join(
        _encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    )
    return b".".join((signed, _encode(hmac.digest(key, signed, hashlib.sha256)))).decode()


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
