from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from infra.clock import NTP_UNIX_OFFSET_S, SystemClock, ntp_to_unix_ns, unix_ns_to_ntp


def test_unix_epoch_in_ntp_is_seventy_years_of_seconds() -> None:
    assert unix_ns_to_ntp(0) == NTP_UNIX_OFFSET_S << 32


@given(st.integers(0, 4_000_000_000_000_000_000 // 2))
def test_ntp_and_back_is_exact_to_the_nanosecond(unix_ns: int) -> None:
    assert abs(ntp_to_unix_ns(unix_ns_to_ntp(unix_ns)) - unix_ns) <= 1


@given(st.integers(0, 2_000_000_000_000_000_000))
def test_ntp_fraction_is_that_of_exact_arithmetic(unix_ns: int) -> None:
    exact = (Fraction(unix_ns, 10**9) + NTP_UNIX_OFFSET_S) * 2**32
    assert unix_ns_to_ntp(unix_ns) == int(exact)


def test_system_clock_never_falls() -> None:
    clock = SystemClock()
    readings = [clock.now_ns() for _ in range(1000)]
    assert readings == sorted(readings)
