"""A certificate authority of the tests' own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

PRINCIPAL = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")


class Authority:
    """Issues certificates into a directory; each file has the certificate and its key."""

    def __init__(self, directory: Path, name: str = "Test CA") -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self._name, self._key, 10)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = directory / f"{name.replace(' ', '-')}.pem"
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def server(self, name: str = "server") -> Path:
        """For 127.0.0.1."""
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        return self._issue(name, [names], ExtendedKeyUsageOID.SERVER_AUTH)

    def client(
        self,
        name: str,
        *,
        emails: tuple[str, ...] = (),
        principal: str | None = None,
        days: float = 1,
        is_server: bool = False,
        file: str | None = None,
    ) -> Path:
        """For a client. `days` below zero: it has expired."""
        names: list[x509.GeneralName] = [x509.RFC822Name(email) for email in emails]
        if principal is not None:
            text = principal.encode()
            names.append(x509.OtherName(PRINCIPAL, bytes([0x0C, len(text)]) + text))
        extensions = [x509.SubjectAlternativeName(names)] if names else []
        usage = ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH
        return self._issue(name, extensions, usage, days, file)

    def _issue(
        self,
        name: str,
        extensions: list[x509.SubjectAlternativeName],
        usage: ObjectIdentifier,
        days: float = 1,
        file: str | None = None,
    ) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, key, days).add_extension(
            x509.ExtendedKeyUsage([usage]), critical=False
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        path = self._directory / f"{file or name}.pem"
        path.touch(mode=0o600)
        path.write_bytes(
            certificate.public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return path

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: float
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30))
            .not_valid_after(now + timedelta(days=days))
        )


def der(path: Path) -> bytes:
    """The certificate in a file."""
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)
