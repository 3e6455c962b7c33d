"""`s9s certificate`: TLS client certificates that stand for users."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from s9s.cli.credentials import Wanted, described, run, show_list, until, wish
from s9s.cli.options import configured

if TYPE_CHECKING:
    from s9s.services.identity.tokens import Tokens


@click.group()
def certificate() -> None:
    """Register, list and revoke TLS client certificates.

    Only certificates that `server.client_ca`, or a trusted proxy, has found genuine are looked at.
    """


@certificate.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@described
@configured
def add(file: Path, config: Path | None, state_dir: Path | None, **wanted: Unpack[Wanted]) -> None:
    """Let the certificate in FILE (PEM) stand for a user."""
    from s9s.domain.credentials import Kind

    fingerprint = _fingerprint(file)
    asked = wish(Kind.CERTIFICATE, wanted)
    made = run(config, state_dir, lambda tokens: tokens.register(asked, fingerprint))
    click.echo(f"Certificate {made.token_id}: {made.user}, {made.role}, {until(made)}")


@certificate.command("list")
@click.option("--all", "show_all", is_flag=True, help="Show revoked and expired ones too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def list_certificates(show_all: bool, as_json: bool, config: Path | None, state_dir: Path | None) -> None:
    """List registered certificates, oldest first."""
    from s9s.domain.credentials import Kind

    found = run(config, state_dir, lambda tokens: tokens.list())
    show_list((one for one in found if one.kind is Kind.CERTIFICATE), show_all, as_json)


@certificate.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, help="As `s9s certificate list` shows them.")
@configured
def revoke(ids: tuple[str, ...], config: Path | None, state_dir: Path | None) -> None:
    """Refuse registered certificates for good, also where a rule would let them in."""

    async def each(tokens: Tokens) -> None:
        for token_id in ids:
            await tokens.revoke(token_id)
            click.echo(f"Certificate {token_id} is revoked")

    run(config, state_dir, each)


def _fingerprint(file: Path) -> bytes:
    from hashlib import sha256

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        read = x509.load_pem_x509_certificate(file.read_bytes())
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise click.ClickException(f"{file} is not a certificate in PEM") from error
    return sha256(read.public_bytes(Encoding.DER)).digest()
