"""Pure: in which coding a viewer wants a text (RFC 9110 12.5.3)."""

import enum
import re

_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


class Coding(enum.Enum):
    """The codings of playlists, the smallest first: at equal weights the first one is chosen."""

    BROTLI = "br"
    GZIP = "gzip"
    IDENTITY = "identity"


def choose_coding(accepted: str) -> Coding:
    """The coding to answer with.

    A coding that is not named has the weight of ``*``; without that, only identity is acceptable. If nothing is, the
    text goes out as it is: a player can do more with that than with a refusal.

    Args:
        accepted: Accept-Encoding, empty if there is none.
    """
    weights = dict(_weighted(each) for each in accepted.lower().split(",") if each.strip())
    others = weights.get("*", 0.0)
    best = max(Coding, key=lambda coding: weights.get(coding.value, others))
    return best if weights.get(best.value, others) > 0 else Coding.IDENTITY


def _weighted(element: str) -> tuple[str, float]:
    """A coding and its weight, 0 to 1; one that is malformed is not wanted."""
    name, _, parameter = element.partition(";")
    weight = _WEIGHT.fullmatch(parameter.strip()) if parameter else None
    if parameter and weight is None:
        return name.strip(), 0.0
    return name.strip(), float(weight[1]) if weight else 1.0
