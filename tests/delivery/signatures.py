"""How a receiver checks what it is sent, as docs/delivery.md shows it."""

from __future__ import annotations

import hashlib
import hmac
import time


def is_genuine(body: bytes, header: str, secret: str) -> bool:
    parts = dict(part.split("=", 1) for part in header.split(","))
    expected = hmac.new(secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts["v1"]) and abs(time.time() - int(parts["t"])) < 300
