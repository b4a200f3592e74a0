"""The rules of live media playlists, judged over the versions a player sees; written from the text of rfc8216bis alone.

Nothing of the origin is imported: this is a second opinion. The clause stands in brackets behind each complaint.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import av

from support.hls_listed import Listed, ListedSegment, attributes, read

_OVERLAP_S = 1  # clock drift that is tolerated between a segment's end and the next one's date (6.2.1)
_ROUNDING_S = Fraction(2, 1_000_000)  # of one printed duration


def judge(listed: Listed) -> list[str]:
    """What is wrong with one version, looked at alone."""
    return [*listed.complaints, *_head(listed), *_segments(listed), *_parts(listed), *_tail(listed)]


def _head(listed: Listed) -> Iterable[str]:
    if listed.target_s < 1 or listed.target_s.denominator != 1:
        yield "TARGETDURATION is no integer of at least 1 [4.4.3.1]"
    for name in ("MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
        if name not in listed.single:
            yield f"EXT-X-{name} is missing [6.2.2]"
    needed = 8 if any(segment.gap for segment in listed.segments) else 6  # for EXT-X-GAP and EXT-X-MAP
    if listed.single.get("VERSION") != str(needed):
        yield f"VERSION is {listed.single.get('VERSION')}, needed is {needed} [8]"
    if "PLAYLIST-TYPE" in listed.single:
        yield "a sliding window has no PLAYLIST-TYPE [6.2.1]"
    control = listed.server_control
    if control.get("CAN-BLOCK-RELOAD") != "YES":
        yield "CAN-BLOCK-RELOAD is not advertised [B.1]"
    if Fraction(control.get("HOLD-BACK", "0")) < 3 * listed.target_s:
        yield "HOLD-BACK is below three target durations [4.4.3.8]"
    if listed.part_target_s == 0:
        yield "EXT-X-PART-INF is missing [4.4.3.7]"
    if Fraction(control.get("PART-HOLD-BACK", "0")) < 3 * listed.part_target_s:
        yield "PART-HOLD-BACK is below three part targets [4.4.3.8]"


def _segments(listed: Listed) -> Iterable[str]:
    before: ListedSegment | None = None
    for segment in listed.all_segments:
        if round(segment.length_s) > listed.target_s:
            yield f"segment {segment.msn} of {float(segment.length_s)} s is above the target duration [4.4.3.1]"
        if not segment.map_uri:
            yield f"segment {segment.msn} has no EXT-X-MAP [3.1.2]"
        if segment.date is None:
            yield f"segment {segment.msn} has no date [B.1]"
        elif before and before.date and not segment.discontinuity:
            apart_s = (segment.date - before.date).total_seconds() - float(before.length_s)
            if abs(apart_s) > _OVERLAP_S:
                yield f"segment {segment.msn} is dated {apart_s:.3f} s off the end of the one before [6.2.1]"
        if before and segment.map_uri != before.map_uri and not segment.discontinuity:
            yield f"segment {segment.msn} has another EXT-X-MAP but no discontinuity [4.4.4.3]"
        parts_s = sum((part.duration_s for part in segment.parts), Fraction(0))
        if segment.uri and segment.parts and abs(parts_s - segment.duration_s) > _ROUNDING_S * len(segment.parts):
            yield f"segment {segment.msn} lasts {float(segment.duration_s)} s, its parts {float(parts_s)} s [3.2]"
        before = segment


def _parts(listed: Listed) -> Iterable[str]:
    behind_s = Fraction(0)  # from the end of the list
    for segment in reversed(listed.all_segments):
        for index in range(len(segment.parts) - 1, -1, -1):
            part = segment.parts[index]
            if behind_s > 3 * listed.target_s:
                yield f"part {part.uri} is {float(behind_s)} s from the end [6.2.2]"
            behind_s += part.duration_s
            if part.duration_s > listed.part_target_s:
                yield f"part {part.uri} of {float(part.duration_s)} s is above the part target [4.4.4.9]"
            last = index == len(segment.parts) - 1  # of an open segment it may yet turn out to be the last one
            if part.duration_s < Fraction(85, 100) * listed.part_target_s and not (
                part.independent or part.gap or last
            ):
                yield f"part {part.uri} of {float(part.duration_s)} s is below 85 % of the part target [4.4.4.9]"
        if not segment.parts:
            behind_s += segment.length_s
        elif segment.parts and not segment.gap and not any(part.independent for part in segment.parts) and segment.uri:
            yield f"segment {segment.msn} has no independent part [B.1]"


def _tail(listed: Listed) -> Iterable[str]:
    kinds = [hint.get("TYPE") for hint in listed.hints]
    if len(set(kinds)) != len(kinds):
        yield "two hints of one type [4.4.5.3]"
    if listed.ended and kinds:
        yield "a hint, but nothing follows [4.4.5.3]"
    if not listed.ended and "PART" not in kinds:
        yield "no hint of the next part [B.1]"
    for report in listed.reports:
        if ":" in report["URI"]:
            yield f"report of {report['URI']} is not relative [4.4.5.4]"
        if not {"LAST-MSN", "LAST-PART"} <= set(report):
            yield f"report of {report['URI']} lacks LAST-MSN or LAST-PART [4.4.5.4]"
    if len({report["URI"] for report in listed.reports}) != len(listed.reports):
        yield "two reports of one rendition [4.4.5.4]"


class Follower:
    """A player that follows one media playlist and forgets nothing; versions may be missed, but come in order."""

    def __init__(self) -> None:
        self._last: Listed | None = None
        self._constants: tuple[object, ...] = ()
        self._segments: dict[int, tuple[object, ...]] = {}
        self._discontinuity_sequence: dict[int, int] = {}
        self._parts: dict[int, list[str]] = {}  # URIs by msn
        self._hinted: dict[str, tuple[int, int]] = {}  # by URI: where the list ended that hinted it
        self._reports: dict[str, tuple[int, int]] = {}

    @property
    def last(self) -> Listed:
        """The version seen last."""
        assert self._last is not None, "nothing was seen yet"
        return self._last

    def see(self, text: str) -> list[str]:
        """What is wrong with the next version, alone and against all that were seen before."""
        listed = read(text)
        complaints = [*judge(listed), *self._against_before(listed)]
        self._remember(listed)
        return complaints

    def _against_before(self, listed: Listed) -> Iterable[str]:
        before = self._last
        if before is None:
            return
        if self._constants != _constants(listed):
            yield f"constants changed: {self._constants} to {_constants(listed)} [6.2.1]"
        if before.ended and [each.identity for each in before.segments] != [each.identity for each in listed.segments]:
            yield "the list changed behind its end [6.2.1]"
        yield from self._sequences(before, listed)
        yield from self._unchanged(listed)
        yield from self._hints(before, listed)
        for report in listed.reports:
            now = (int(report["LAST-MSN"]), int(report["LAST-PART"]))
            if now < self._reports.get(report["URI"], (0, 0)):
                yield f"report of {report['URI']} falls to {now} [4.4.5.4]"

    def _sequences(self, before: Listed, listed: Listed) -> Iterable[str]:
        for name in ("MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
            if int(listed.single.get(name, "0")) < int(before.single.get(name, "0")):
                yield f"{name} falls [6.2.2]"
        first = listed.all_segments[0].msn if listed.all_segments else int(listed.single["MEDIA-SEQUENCE"])
        newest = before.all_segments[-1].msn if before.all_segments else -1
        if first > newest + 1:
            yield f"segments {newest + 1} to {first - 1} were never listed [6.2.2]"
        removed = [each for each in before.segments if each.msn < first]
        rest_s = sum((each.length_s for each in listed.segments), Fraction(0))
        if removed and rest_s < 3 * listed.target_s:
            yield f"after a removal only {float(rest_s)} s remain [6.2.2]"
        for segment in listed.all_segments:
            known = self._discontinuity_sequence.get(segment.msn, segment.discontinuity_sequence)
            if known != segment.discontinuity_sequence:
                yield f"discontinuity sequence of {segment.msn} goes from {known} to another one [6.2.2]"
        if before.all_segments and listed.all_segments and listed.all_segments[-1].msn < newest:
            yield "the newest segment is gone [6.2.2]"

    def _unchanged(self, listed: Listed) -> Iterable[str]:
        for segment in listed.all_segments:
            if segment.uri and self._segments.get(segment.msn, segment.identity) != segment.identity:
                yield f"segment {segment.msn} changed: {self._segments[segment.msn]} to {segment.identity} [6.2.1]"
            known, now = self._parts.get(segment.msn, []), [part.uri for part in segment.parts]
            if now and now[: len(known)] != known:
                yield f"parts of segment {segment.msn} changed: {known} to {now} [6.2.1]"
            if known and not now and not segment.uri:
                yield f"the open segment {segment.msn} lost its parts [6.2.2]"

    def _hints(self, before: Listed, listed: Listed) -> Iterable[str]:
        """The first part behind the list that gave a hint must be the hinted one (4.4.5.3)."""
        hinted = next((hint["URI"] for hint in before.hints if hint.get("TYPE") == "PART"), None)
        if hinted is None or before.last_part is None:
            return
        parts = [((s.msn, i), part.uri) for s in listed.all_segments for i, part in enumerate(s.parts)]
        if not parts or parts[0][0] > before.last_part:  # the versions between were missed
            return
        newer = [uri for place, uri in parts if place > before.last_part]
        if newer and newer[0] != hinted:
            yield f"hinted was {hinted}, came {newer[0]} [4.4.5.3]"

    def _remember(self, listed: Listed) -> None:
        self._last = listed
        self._constants = _constants(listed)
        for segment in listed.all_segments:
            self._discontinuity_sequence[segment.msn] = segment.discontinuity_sequence
            if segment.uri:
                self._segments[segment.msn] = segment.identity
            if segment.parts:
                self._parts[segment.msn] = [part.uri for part in segment.parts]
        for report in listed.reports:
            if "LAST-MSN" in report and "LAST-PART" in report:
                self._reports[report["URI"]] = (int(report["LAST-MSN"]), int(report["LAST-PART"]))


def _constants(listed: Listed) -> tuple[object, ...]:
    return listed.target_s, listed.part_target_s, tuple(sorted(listed.server_control.items()))


def judge_together(playlists: Mapping[str, Listed]) -> list[str]:
    """What is wrong between the media playlists of one session, by name, at about the same time (6.2.4)."""
    complaints = []
    first_name = next(iter(playlists))
    first = playlists[first_name]
    known = {segment.msn: segment for segment in first.all_segments}
    for name, other in playlists.items():
        if _constants(other) != _constants(first):
            complaints.append(f"{first_name} and {name} promise different things [6.2.4]")
        for segment in other.all_segments:
            peer = known.get(segment.msn)
            if peer and peer.discontinuity_sequence != segment.discontinuity_sequence:
                complaints.append(f"segment {segment.msn} has other discontinuity sequences in {name} [6.2.4]")
            if peer and peer.date and segment.date:
                apart_s = abs((peer.date - segment.date).total_seconds())
                if apart_s >= first.target_s:
                    complaints.append(f"segment {segment.msn} of {name} is {apart_s} s away [6.2.4]")
    return complaints


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
    if not variants:
        complaints.append("no variant [4.4.6.2]")
    complaints += [each for variant in variants for each in _variant(variant, groups)]
    return [*complaints, *(each for members in groups.values() for each in _group(members))]


def _variant(variant: dict[str, str], groups: Mapping[str, object]) -> Iterable[str]:
    needed = {"BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS"}
    if variant.get("CODECS", "").startswith("avc1"):
        needed |= {"RESOLUTION", "FRAME-RATE"}
    if not needed <= set(variant):
        yield f"variant lacks {needed - set(variant)} [4.4.6.2]"
    elif int(variant["AVERAGE-BANDWIDTH"]) > int(variant["BANDWIDTH"]):
        yield "average above peak [4.4.6.2]"
    if "AUDIO" in variant:
        if variant["AUDIO"] not in groups:
            yield f"group {variant['AUDIO']} is not there [4.4.6.2]"
        if "mp4a" not in variant.get("CODECS", ""):
            yield "CODECS leaves the sound out [6.2.4]"


def _group(members: list[dict[str, str]]) -> Iterable[str]:
    if len({member["NAME"] for member in members}) != len(members):
        yield "two members of one name [4.4.6.1.1]"
    if sum(member.get("DEFAULT") == "YES" for member in members) > 1:
        yield "two defaults [4.4.6.1.1]"


@dataclass(frozen=True)
class Timing:
    """Media time of some bytes, in seconds, as FFmpeg reads them."""

    start_s: Fraction
    duration_s: Fraction


def timing(init: bytes, data: bytes) -> Timing:
    """When the samples of a segment or part start, and how long they last."""
    with av.open(io.BytesIO(init + data), "r") as container:
        packets = [packet for packet in container.demux() if packet.dts is not None]
        base = packets[0].time_base
        first, last = packets[0], packets[-1]
        assert first.dts is not None
        assert last.dts is not None
        return Timing(first.dts * base, (last.dts + (last.duration or 0) - first.dts) * base)


def judge_durations(listed: Listed, init: Mapping[str, bytes], media: Mapping[str, bytes]) -> list[str]:
    """Compare printed durations with the bytes, and look for holes between segments (3, 4.4.4.1).

    Args:
        listed: the playlist.
        init: init sections by URI.
        media: the bytes of segments and parts by URI; those that are missing are not looked at.
    """
    complaints = []
    end_s: Fraction | None = None
    for segment in listed.all_segments:
        pieces = [(part.uri, part.duration_s) for part in segment.parts]
        for uri, printed_s in [*pieces, *([(segment.uri, segment.duration_s)] if segment.uri else [])]:
            if uri not in media:
                continue
            real = timing(init[segment.map_uri], media[uri])
            if abs(real.duration_s - printed_s) > _ROUNDING_S:
                complaints.append(f"{uri} lasts {float(real.duration_s)} s, printed {float(printed_s)} s [4.4.4.1]")
            if (
                uri == segment.uri
                and end_s is not None
                and not segment.discontinuity
                and abs(real.start_s - end_s) > _ROUNDING_S
            ):
                complaints.append(
                    f"{uri} starts at {float(real.start_s)} s, the one before ends at {float(end_s)} s [3]"
                )
            if uri == segment.uri:
                end_s = real.start_s + real.duration_s
        if segment.gap or segment.uri not in media:
            end_s = None
    return complaints
