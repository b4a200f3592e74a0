"""FFmpeg programs as peers: Debian's for decoding, the newer one inside imageio-ffmpeg for its WHIP muxer."""

import asyncio
import datetime as dt
import shutil
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import imageio_ffmpeg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.processes import Program, running


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed P-256 certificate and its key as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "publisher")])
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


def whip_muxer(source: Path, endpoint: str, folder: Path) -> AbstractAsyncContextManager[Program]:
    """FFmpeg publishing a file in a loop over WHIP, in real time, as H.264 baseline and Opus."""
    cert_file, key_file = write_certificate(folder)
    video = ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-tune", "zerolatency"]
    return running(
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-hide_banner", "-loglevel", "warning", "-re", "-stream_loop", "-1", "-i", source),
        *(*video, "-b:v", "1500k", "-g", "50", "-vf", "scale=640:360"),
        *("-c:a", "libopus", "-ar", "48000", "-ac", "2"),
        *("-f", "whip", "-cert_file", cert_file, "-key_file", key_file, endpoint),
    )


async def decode(url: str, seconds: float, *options: str) -> tuple[int, str]:
    """Decode all streams of a URL for so long of media time, with Debian's ffmpeg.

    Returns:
        Its exit code, and what it complained about: empty when all was well.
    """
    program = shutil.which("ffmpeg")
    assert program, "ffmpeg is missing: make setup-test installs it"
    process = await asyncio.create_subprocess_exec(
        *(program, "-hide_banner", "-nostdin", "-loglevel", "error", *options, "-i", url),
        *("-map", "0", "-t", str(seconds), "-f", "null", "-"),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(seconds * 3 + 30):
        _, complaints = await process.communicate()
    return process.returncode or 0, complaints.decode(errors="replace").strip()
