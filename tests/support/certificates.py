"""Chromium, told which certificate to trust."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, async_playwright

from support.chromium import FLAGS, chromium_path


def fingerprint(certificate: Path) -> str:
    """Of the public key, as Chromium is told which certificate to trust."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@asynccontextmanager
async def browser_that_trusts(certificate: Path, *flags: str) -> AsyncIterator[Browser]:
    """A Chromium of its own, with HTTP/3."""
    trust = f"--ignore-certificate-errors-spki-list={fingerprint(certificate)}"
    allowed = [flag for flag in FLAGS if flag != "--disable-quic"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=[*allowed, trust, *flags])
        yield browser
        await browser.close()
