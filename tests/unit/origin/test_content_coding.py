import pytest

from origin.content_coding import Coding, choose_coding


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", Coding.IDENTITY),
        ("gzip", Coding.GZIP),
        ("br", Coding.BROTLI),
        ("gzip, deflate, br, zstd", Coding.BROTLI),
        ("GZIP;Q=1.0 , deflate", Coding.GZIP),
        ("br;q=0.5, gzip;q=0.8", Coding.GZIP),
        ("br;q=0.5, gzip;q=0.5, identity;q=0.6", Coding.IDENTITY),
        ("*", Coding.BROTLI),
        ("*;q=0.1, gzip;q=0.2", Coding.GZIP),
        ("br;q=0, *", Coding.GZIP),
        ("br;q=0, gzip;q=0.000", Coding.IDENTITY),
        ("gzip;q=0, br;q=0, *;q=0", Coding.IDENTITY),
        ("identity;q=0", Coding.IDENTITY),
        ("gzip;q=2, br;q=high", Coding.IDENTITY),
        ("gzip;x=1", Coding.IDENTITY),
        ("deflate, zstd", Coding.IDENTITY),
        (" , gzip , ", Coding.GZIP),
    ],
)
def test_the_coding_that_weighs_most_is_chosen_and_the_smallest_among_equals(accepted: str, coding: Coding) -> None:
    assert choose_coding(accepted) is coding
