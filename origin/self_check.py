"""Pure: each version of a playlist against all that were before it and against the other playlists of its session.

Theory of operation. A `Follower` sees the versions of one media playlist in order; versions may be missed. It remembers
what must not change any more. Segments that are the same as in the version before are not judged again, so that a
version costs as much as what is new in it. `SessionCheck` has a follower for each playlist and compares them.

Every method returns complaints, a sentence each with the clause of rfc8216bis behind it; none if all is well.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from origin.directives import Skip
from origin.listed import Listed, ListedReader, ListedSegment, read
from origin.playlist_rules import judge
from origin.playlist_version import PlaylistVersion

_MIN_LEFT_TARGETS = 3  # target durations that must remain after a removal (6.2.2)


class Follower:
    """A player that follows one media playlist and forgets nothing that is still listed."""

    __slots__ = ("_hint", "_known", "_last", "_reports")

    def __init__(self) -> None:
        self._last: Listed | None = None
        self._known: dict[int, ListedSegment] = {}  # of the version before, by msn
        self._reports: dict[str, tuple[int, int]] = {}
        self._hint: tuple[str, tuple[int, int]] | None = None  # URI, and the last part of the list that gave it

    @property
    def last(self) -> Listed:
        """The version seen last."""
        assert self._last is not None, "nothing was seen yet"
        return self._last

    def see(self, text: str) -> list[str]:
        """What is wrong with the next version, alone and against all that were seen before."""
        return self.look_at(read(text))

    def look_at(self, listed: Listed) -> list[str]:
        """The same for a version that was read already."""
        complaints = judge(listed, self._proven(listed))
        if self._last is not None:
            complaints += self._against_before(self._last, listed)
        self._remember(listed)
        return complaints

    def new_segments(self, listed: Listed) -> Iterator[ListedSegment]:
        """Those that the version seen before this one did not have, or not in this state."""
        return (each for each in listed.all_segments if self._known.get(each.msn) is not each)

    def _proven(self, listed: Listed) -> set[int]:
        return {each.msn for each in listed.segments if self._known.get(each.msn) is each}

    def _against_before(self, before: Listed, listed: Listed) -> Iterable[str]:
        if promises(before) != promises(listed):
            yield f"constants changed: {promises(before)} to {promises(listed)} [6.2.1]"
        if before.ended and [each.identity for each in before.segments] != [each.identity for each in listed.segments]:
            yield "the list changed behind its end [6.2.1]"
        yield from _sequences(before, listed)
        yield from self._unchanged(listed)
        yield from self._as_hinted(listed)
        for report in listed.reports:
            now = _reported(report)
            if now is not None and now < self._reports.get(report["URI"], now):
                yield f"report of {report['URI']} falls to {now} [4.4.5.4]"

    def _unchanged(self, listed: Listed) -> Iterable[str]:
        for segment in self.new_segments(listed):
            known = self._known.get(segment.msn)
            if known is None:
                continue
            if known.discontinuity_sequence != segment.discontinuity_sequence:
                yield (
                    f"discontinuity sequence of {segment.msn} goes from {known.discontinuity_sequence} "
                    f"to {segment.discontinuity_sequence} [6.2.2]"
                )
            if known.uri and known.identity != segment.identity:
                yield f"segment {segment.msn} changed: {known.identity} to {segment.identity} [6.2.1]"
            earlier, now = [part.uri for part in known.parts], [part.uri for part in segment.parts]
            if now and now[: len(earlier)] != earlier:
                yield f"parts of segment {segment.msn} changed: {earlier} to {now} [6.2.1]"
            if earlier and not now and not segment.uri:
                yield f"the open segment {segment.msn} lost its parts [6.2.2]"

    def _as_hinted(self, listed: Listed) -> Iterable[str]:
        """The first part behind the list that gave a hint must be the hinted one (4.4.5.3)."""
        if self._hint is None:
            return
        hinted, last_part = self._hint
        parts = [((each.msn, i), part.uri) for each in listed.all_segments for i, part in enumerate(each.parts)]
        if not parts or parts[0][0] > last_part:  # the versions between were missed
            return
        newer = [uri for place, uri in parts if place > last_part]
        if newer and newer[0] != hinted:
            yield f"hinted was {hinted}, came {newer[0]} [4.4.5.3]"

    def _remember(self, listed: Listed) -> None:
        self._last = listed
        self._known = {each.msn: each for each in listed.all_segments}
        hinted = next((hint.get("URI") for hint in listed.hints if hint.get("TYPE") == "PART"), None)
        last_part = listed.last_part
        self._hint = (hinted, last_part) if hinted is not None and last_part is not None else None
        for report in listed.reports:
            if (now := _reported(report)) is not None:
                self._reports[report["URI"]] = now


class SessionCheck:
    """The playlists of one session."""

    __slots__ = ("_followers", "_readers")

    def __init__(self) -> None:
        self._followers: dict[str, Follower] = {}
        self._readers: dict[str, ListedReader] = {}

    def whole(self, name: str, version: PlaylistVersion) -> list[str]:
        """The next version of the media playlist of this name."""
        reader = self._readers.setdefault(name, ListedReader())
        follower = self._followers.setdefault(name, Follower())
        listed = reader.read(*version.lines(Skip.NOTHING))
        new = list(follower.new_segments(listed))
        complaints = follower.look_at(listed)
        for other, peer in self._followers.items():
            if other != name:
                complaints += judge_pair(name, listed, other, peer.last, new)
        return complaints

    def update(self, name: str, version: PlaylistVersion, skip: Skip) -> list[str]:
        """A delta update of the version that was seen last."""
        return judge_update(ListedReader().read(*version.lines(skip)), self._followers[name].last)


def promises(listed: Listed) -> tuple[object, ...]:
    """What never changes, and is the same in all playlists of a session (6.2.1, 6.2.4)."""
    return listed.target_s, listed.part_target_s, tuple(sorted(listed.server_control.items()))


def judge_pair(
    name: str, listed: Listed, other_name: str, other: Listed, segments: Iterable[ListedSegment]
) -> Iterator[str]:
    """What is wrong between segments of one media playlist and those of another, at about the same time (6.2.4)."""
    if listed.server_control != other.server_control or listed.target_s != other.target_s:
        yield f"{name} and {other_name} promise different things [6.2.4]"
    peers = other.all_segments
    for segment in segments:
        index = segment.msn - peers[0].msn if peers else -1
        if not 0 <= index < len(peers):
            continue
        peer = peers[index]
        if peer.discontinuity_sequence != segment.discontinuity_sequence:
            yield f"segment {segment.msn} has other discontinuity sequences in {name} and {other_name} [6.2.4]"
        if peer.date and segment.date:
            apart_s = abs((peer.date - segment.date).total_seconds())
            if apart_s >= listed.target_s:
                yield f"segment {segment.msn} of {name} is {apart_s} s away from that of {other_name} [6.2.4]"


def judge_together(playlists: Mapping[str, Listed]) -> list[str]:
    """What is wrong between the media playlists of one session, by name."""
    (first_name, first), *others = playlists.items()
    return [
        complaint
        for name, other in others
        for complaint in judge_pair(name, other, first_name, first, other.all_segments)
    ]


def judge_update(update: Listed, whole: Listed) -> list[str]:
    """What is wrong with a delta update of a version (6.2.5.1)."""
    if not update.skip:
        return ["nothing is skipped [6.2.5.1]"]
    complaints = judge(update)
    skipped = int(update.skip["SKIPPED-SEGMENTS"])
    for name in ("MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
        if update.single.get(name) != whole.single.get(name):
            complaints.append(f"{name} of the update is not that of the whole [4.4.5.2]")
    kept = [(each.uri, each.duration_s, each.date, each.parts) for each in whole.all_segments[skipped:]]
    if [(each.uri, each.duration_s, each.date, each.parts) for each in update.all_segments] != kept:
        complaints.append("what is not skipped is not what the whole has [6.2.5.1]")
    if (update.hints, update.reports) != (whole.hints, whole.reports):
        complaints.append("hints or reports of the update are not those of the whole [6.2.5.1]")
    behind_s = sum((each.duration_s for each in whole.segments[skipped:]), Fraction(0))
    if not behind_s > Fraction(whole.server_control.get("CAN-SKIP-UNTIL", "0")):
        complaints.append(f"a segment {float(behind_s)} s from the end is skipped [6.2.5.1]")
    return complaints


def _sequences(before: Listed, listed: Listed) -> Iterable[str]:
    for name in ("MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
        if int(listed.single.get(name, "0")) < int(before.single.get(name, "0")):
            yield f"{name} falls [6.2.2]"
    newest = before.all_segments[-1].msn if before.all_segments else before.media_sequence - 1
    if listed.media_sequence > newest + 1:
        yield f"segments {newest + 1} to {listed.media_sequence - 1} were never listed [6.2.2]"
    if before.all_segments and (not listed.all_segments or listed.all_segments[-1].msn < newest):
        yield "the newest segment is gone [6.2.2]"
    if listed.media_sequence > before.media_sequence:
        rest_s = Fraction(0)
        for segment in reversed(listed.segments):
            rest_s += segment.length_s
            if rest_s >= _MIN_LEFT_TARGETS * listed.target_s:
                return
        yield f"after a removal only {float(rest_s)} s remain [6.2.2]"


def _reported(report: dict[str, str]) -> tuple[int, int] | None:
    if "LAST-MSN" not in report or "LAST-PART" not in report:
        return None
    return int(report["LAST-MSN"]), int(report["LAST-PART"])
