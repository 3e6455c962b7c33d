"""TLS client certificates: which user one stands for. That it is genuine, TLS has checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Final, Literal

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier
from msgspec import structs

from s9s.domain.credentials import Kind
from s9s.domain.errors import AuthenticationFailed
from s9s.services.access import Caller
from s9s.services.identity.names import NameRule
from s9s.services.identity.tokens import Tokens

Source = Literal["registered", "common_name", "email", "principal"]

#: Microsoft's userPrincipalName, an ``otherName`` among the alternative names.
_PRINCIPAL: Final = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_UTF8_STRING: Final = 0x0C


class ClientCertificates:
    """Knows the users of certificates.

    One that is registered stands for the user, the role and the scopes that it is registered with, and is
    refused once that is revoked. Any other stands for a user if a rule says so.

    Args:
        tokens: Has the registered ones.
        source: Where the name stands in those that are not; ``registered`` allows none of them.
        rule: Which user a name stands for.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        tokens: Tokens,
        source: Source = "registered",
        rule: NameRule | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tokens = tokens
        self._source = source
        self._rule = rule or NameRule(".+")
        self._clock = clock

    async def verify(self, certificate: bytes) -> Caller:
        """The caller of a certificate (DER). Raises `AuthenticationFailed`."""
        known = self._tokens.known
        if caller := known.get(certificate):
            return caller
        generation = known.generation
        read = parse_certificate(certificate)
        begins, ends = read.not_valid_before_utc.timestamp(), read.not_valid_after_utc.timestamp()
        if not begins <= self._clock() < ends:
            raise AuthenticationFailed("The certificate has expired, or is not valid yet")
        fingerprint = sha256(certificate).digest()
        token = await self._tokens.by_fingerprint(fingerprint)
        if token is not None:
            caller = self._tokens.caller_of(token)
        elif self._source == "registered":
            raise AuthenticationFailed("The certificate is not registered here")
        else:
            user = self._rule.user(_names(read, self._source))
            token_id = f"crt_{fingerprint.hex()[:16]}"
            role = self._tokens.roles.within(user, None)
            caller = Caller(user, role, token_id=token_id, kind=Kind.CERTIFICATE)
        until = int(min(ends, caller.expires_at or ends))
        caller = structs.replace(caller, expires_at=until)
        used_at = token.last_used_at if token else None
        known.keep(certificate, caller, generation, expires_at=until, used_at=used_at)
        return caller


def parse_certificate(der: bytes) -> x509.Certificate:
    """A certificate. Raises `AuthenticationFailed` for what is none."""
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, TypeError) as error:
        raise AuthenticationFailed("The certificate cannot be read") from error


def _names(certificate: x509.Certificate, source: Source) -> Iterator[str]:
    try:
        if source == "common_name":
            for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
                yield str(attribute.value)
            return
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if source == "email":
            yield from extension.get_values_for_type(x509.RFC822Name)
            return
        for name in extension.get_values_for_type(x509.OtherName):
            if name.type_id == _PRINCIPAL:
                yield _utf8_string(name.value)
    except (x509.ExtensionNotFound, ValueError):
        return


def _utf8_string(der: bytes) -> str:
    """The text of a DER UTF8String that is shorter than 128 bytes. Raises `ValueError`."""
    if len(der) < 2 or der[0] != _UTF8_STRING or der[1] != len(der) - 2 or der[1] > 127:
        raise ValueError("no short UTF8String")
    return der[2:].decode()
