"""An OpenID Connect provider of the tests' own, on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

Key = RSAKey | ECKey | OKPKey | OctKey


class Provider:
    """Publishes keys and signs tokens; `fetched` has the paths that were asked for."""

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.keys: list[dict[str, Any]] = []
        self.status = 200
        self.discovery: dict[str, Any] = {}
        self.rsa = self.new_key(RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"}))
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.fetched.append(self.path)
                documents: dict[str, Any] = {
                    "/realm/.well-known/openid-configuration": provider.discovery,
                    "/realm/keys": {"keys": provider.keys},
                }
                document = documents.get(self.path)
                raw = json.dumps(document).encode()
                self.send_response(provider.status if document is not None else 404)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/realm"
        self.discovery = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def new_key(self, key: RSAKey | ECKey | OKPKey) -> Any:
        """Publish a key."""
        self.keys.append(dict(key.as_dict(private=False)))
        return key

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a good token says, changed; ``None`` leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": "s9s", "sub": "5f2c", "iat": now, "nbf": now, "exp": now + 600,
            "preferred_username": "alice",
        }  # fmt: skip
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def sign(self, key: Key | None = None, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """A token."""
        whole = {"alg": "RS256", "kid": "rsa-1", **(header or {})}
        whole = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(whole, self.claims(**changes), key or self.rsa, algorithms=[whole["alg"]])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()
