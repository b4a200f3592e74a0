import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509

from infra.certificate import RENEWED_BEFORE, VALID, local_certificate, state_folder

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
NAMES = ["localhost", "127.0.0.1", "::1", "café.example"]


def test_it_is_for_the_names_and_its_key_is_for_nobody_else(tmp_path: Path) -> None:
    files = local_certificate(tmp_path / "https", NAMES, NOW)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "xn--caf-dma.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc < NOW + VALID
    assert files.key.stat().st_mode & 0o777 == 0o600
    assert files.key.parent.stat().st_mode & 0o777 == 0o700


def test_it_is_kept(tmp_path: Path) -> None:
    first = local_certificate(tmp_path, NAMES, NOW).certificate.read_bytes()
    assert local_certificate(tmp_path, NAMES, NOW + dt.timedelta(days=100)).certificate.read_bytes() == first


@pytest.mark.parametrize("what", ["soon", "names", "broken", "key"])
def test_it_is_made_again_when_it_is_no_longer_good(tmp_path: Path, what: str) -> None:
    files = local_certificate(tmp_path, NAMES, NOW)
    first = files.certificate.read_bytes()
    now, names = NOW, NAMES
    if what == "soon":
        now = NOW + VALID - RENEWED_BEFORE
    elif what == "names":
        names = [*NAMES, "other.example"]
    elif what == "broken":
        files.certificate.write_bytes(first[:-200])
    else:
        other = local_certificate(tmp_path / "other", NAMES, NOW)
        files.key.write_bytes(other.key.read_bytes())
    again = local_certificate(tmp_path, names, now)
    assert again.certificate.read_bytes() != first


def test_state_is_where_the_user_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/var/state")
    assert state_folder() == Path("/var/state/tandem")
    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("HOME", "/home/me")
    assert state_folder() == Path("/home/me/.local/state/tandem")
