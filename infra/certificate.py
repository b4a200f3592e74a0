"""Edge: a local certificate for ``tandem serve --https``, kept between starts so that a browser is told of it once."""

import datetime as dt
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

VALID = dt.timedelta(days=397)  # browsers refuse longer ones
RENEWED_BEFORE = dt.timedelta(days=30)
_SKEW = dt.timedelta(days=1)  # a client's clock may be behind


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where a certificate and its key are, in PEM."""

    certificate: Path
    key: Path


def state_folder() -> Path:
    """Where the node keeps what must outlive it on this host (XDG Base Directory)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "tandem"


def local_certificate(folder: Path, names: Sequence[str], now: dt.datetime) -> CertificateFiles:
    """The certificate of a folder: the one that is there, or a new one if it is for other names or soon expires.

    Args:
        folder: made if it is not there.
        names: host names and addresses it is for.
        now: with its zone.

    Raises:
        OSError: the folder cannot be written to.
    """
    files = CertificateFiles(folder / "certificate.pem", folder / "key.pem")
    if not _is_good(files, names, now):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(files, names, now)
    return files


def _is_good(files: CertificateFiles, names: Sequence[str], now: dt.datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    except (OSError, ValueError):
        return False
    same_names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == _subject(names)
    same_key = certificate.public_key() == key.public_key()
    return same_names and same_key and certificate.not_valid_after_utc - now > RENEWED_BEFORE


def _write(files: CertificateFiles, names: Sequence[str], now: dt.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tandem on this host")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(issuer)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now - _SKEW + VALID)
        .add_extension(_subject(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files.key.unlink(missing_ok=True)
    with os.fdopen(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(secret)
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _subject(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general_name(name) for name in dict.fromkeys(names)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode())
