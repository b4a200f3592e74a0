"""Pure: playlist tags as text: attribute lists, decimals, dates (rfc8216bis 4.1-4.2)."""

import datetime as dt
from fractions import Fraction

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NS_PER_MS = 1_000_000
_FIRST_MS = int((dt.datetime(1, 1, 1, tzinfo=dt.UTC) - _EPOCH) / dt.timedelta(milliseconds=1))
_LAST_MS = int((dt.datetime(9999, 12, 31, tzinfo=dt.UTC) - _EPOCH) / dt.timedelta(milliseconds=1))
DURATION_DECIMALS = 6  # sums of a day of segments stay within a frame


class Quoted(str):
    """A quoted-string; must hold no quote, carriage return or line feed."""

    __slots__ = ()


Value = Quoted | str | int


def lines_of(*lines: str) -> str:
    """Lines as text, each with its end."""
    return "".join(f"{line}\n" for line in lines)


def tag(name: str, **attributes: Value | None) -> str:
    """A tag with an attribute list; ``_`` in names stands for ``-``, None leaves an attribute out."""
    pairs = [
        f'{key.replace("_", "-")}="{value}"' if isinstance(value, Quoted) else f"{key.replace('_', '-')}={value}"
        for key, value in attributes.items()
        if value is not None
    ]
    return f"#{name}:{','.join(pairs)}"


def decimal(value: Fraction, places: int = DURATION_DECIMALS) -> str:
    """A decimal-floating-point, rounded to so many places."""
    scaled = round(value * 10**places)
    whole, rest = divmod(scaled, 10**places)
    return f"{whole}.{rest:0{places}d}"


def rounded_up(value: Fraction, places: int) -> Fraction:
    """The smallest decimal of so many places that is not below the value."""
    return Fraction(-(-value * 10**places // 1), 10**places)


def date_time(unix_ns: int) -> str:
    """An instant as EXT-X-PROGRAM-DATE-TIME has it: UTC, milliseconds; kept within the years 1 to 9999."""
    ms = min(max(unix_ns // _NS_PER_MS, _FIRST_MS), _LAST_MS)
    instant = _EPOCH + dt.timedelta(milliseconds=ms)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
