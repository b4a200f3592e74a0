"""Pure: what a multivariant playlist must be; the clause of rfc8216bis stands behind each complaint."""

from collections.abc import Iterable, Mapping

from origin.listed import attributes


def judge_multivariant(text: str) -> list[str]:
    """What is wrong with a multivariant playlist (4.4.6)."""
    complaints: list[str] = []
    lines = text.split("\n")
    if lines[0] != "#EXTM3U" or "#EXT-X-INDEPENDENT-SEGMENTS" not in lines:
        complaints.append("EXTM3U or INDEPENDENT-SEGMENTS is missing [4.4.1.1, 4.4.2.1]")
    groups: dict[str, list[dict[str, str]]] = {}
    variants: list[dict[str, str]] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        name, _, value = line.partition(":")
        if name == "#EXT-X-MEDIA":
            groups.setdefault(attributes(value)["GROUP-ID"], []).append(attributes(value))
        elif name == "#EXT-X-STREAM-INF":
            variants.append(attributes(value))
            if not following or following.startswith("#"):
                complaints.append("STREAM-INF without URI [4.4.6.2]")
        elif name == "#EXT-X-I-FRAME-STREAM-INF":
            complaints += _pictures(attributes(value))
    if not variants:
        complaints.append("no variant [4.4.6.2]")
    complaints += [each for variant in variants for each in _variant(variant, groups)]
    return [*complaints, *(each for members in groups.values() for each in _group(members))]


def _variant(variant: dict[str, str], groups: Mapping[str, object]) -> Iterable[str]:
    needed = {"BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS"}
    if variant.get("CODECS", "").startswith("avc1"):
        needed |= {"RESOLUTION", "FRAME-RATE"}
    if not needed <= set(variant):
        yield f"variant lacks {sorted(needed - set(variant))} [4.4.6.2]"
    elif int(variant["AVERAGE-BANDWIDTH"]) > int(variant["BANDWIDTH"]):
        yield "average above peak [4.4.6.2]"
    if "AUDIO" in variant:
        if variant["AUDIO"] not in groups:
            yield f"group {variant['AUDIO']} is not there [4.4.6.2]"
        if "mp4a" not in variant.get("CODECS", ""):
            yield "CODECS leaves the sound out [6.2.4]"


def _pictures(variant: dict[str, str]) -> Iterable[str]:
    needed = {"BANDWIDTH", "CODECS", "RESOLUTION", "URI"}
    if not needed <= set(variant):
        yield f"single pictures lack {sorted(needed - set(variant))} [4.4.6.3]"
    if {"FRAME-RATE", "AUDIO", "CLOSED-CAPTIONS"} & set(variant):
        yield "single pictures have attributes of moving ones [4.4.6.3]"


def _group(members: list[dict[str, str]]) -> Iterable[str]:
    if len({member["NAME"] for member in members}) != len(members):
        yield "two members of one name [4.4.6.1.1]"
    if sum(member.get("DEFAULT") == "YES" for member in members) > 1:
        yield "two defaults [4.4.6.1.1]"
