from base64 import b64encode

import pytest

from infra.credentials import same_secret, secret_shown


def basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("authorization", "in_query", "shown"),
    [
        ("Bearer sesame", "", "sesame"),
        ("bearer  sesame ", "other", "sesame"),
        (basic("anybody:sesame"), "", "sesame"),
        (basic(":se:same"), "", "se:same"),
        (basic("sesame"), "", ""),
        ("Basic not-base-64!", "", ""),
        (f"Basic {b64encode(bytes([255, 255])).decode()}", "", ""),
        ("Digest sesame", "sesame", ""),
        ("", "sesame", "sesame"),
        ("", "", ""),
    ],
)
def test_a_secret_is_read_where_programs_can_put_it(authorization: str, in_query: str, shown: str) -> None:
    assert secret_shown(authorization, in_query) == shown


def test_only_the_same_secret_is_the_same() -> None:
    assert same_secret("sesame", "sesame")
    assert not same_secret("sesamE", "sesame")
    assert not same_secret("sesame-and-more", "sesame")
    assert not same_secret("\udcff", "sesame")


def test_no_secret_lets_nobody_in() -> None:
    assert not same_secret("", "")
