"""Pure: what a foreign encoder pushes, arranged so that the promises of the playlists are kept.

Theory of operation. Our workers cut parts, mark segments and tell capture instants. A foreign encoder (ffmpeg, a
hardware box) knows neither our targets nor our sessions: it sends fragments, with decode times that all its renditions
share.

- *Parts.* Fragments that are too short for a part are joined; one that is longer than the part target is refused.
- *Segments* begin at the multiples of the segment length in decode time, so that renditions that are pushed apart are
  cut alike: video at the key frame next to it, sound at the fragment next to it. ``styp`` says nothing here, for some
  encoders put one before each fragment. Video before the first key frame of a body is dropped.
- *Instants.* The first fragment of a body, or behind a hole, fixes where its decode times lie on the node's clock: as
  the other renditions of the encoder have it if that is plausible, else as its ``prft`` says, else by its arrival.
- *Again.* What an encoder repeats when it comes back is dropped, if it is the same byte for byte.

Invariants: no part is longer than the part target; none but the last of a segment, or one with a key frame, is shorter
than 85 % of it; a segment of video begins with a key frame; instants of a rendition do not fall.

Assumes of its caller: events come from one `origin.cmaf_reader.CmafReader` a body, with `begin` before each.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from hashlib import blake2b

from infra.ids import RenditionName
from origin.cmaf_reader import BoundarySeen, ChunkSeen, Event, InitSeen
from origin.errors import CmafRefused
from origin.model import NS_PER_S, Chunk, Kind, TrackDescription
from origin.session import HOLE_S
from origin.window import Targets, instant_after

MIN_PART_SHARE = Fraction(85, 100)  # of the part target (rfc8216bis 4.4.4.9)
PLAUSIBLE_NS = 10 * NS_PER_S  # an encoder's renditions may come so far apart: x264's look-ahead takes two seconds
REMEMBERED = 64  # fragments of a rendition that are recognised when they come again
_ADVISED_SHARE = Fraction(9, 10)  # of the part target: whole frames of 24 to 60 fps and of AAC end between 85 and 100 %
_BACKWARDS_NS = NS_PER_S // 4  # instants may fall so far without a new timeline: rounding, priming samples
_DIGEST_BYTES = 16


class ForeignSession:
    """The renditions of one encoder, and the timeline they share.

    Args:
        targets: the promises of the session's playlists.
        segment_s: length of a segment.
        opened_ns: when the first push came, Unix nanoseconds.
    """

    __slots__ = ("_renditions", "_segment_s", "_targets", "_timeline", "opened_ns")

    def __init__(self, targets: Targets, segment_s: Fraction, opened_ns: int) -> None:
        self.opened_ns = opened_ns
        self._targets = targets
        self._segment_s = segment_s
        self._timeline = Timeline()
        self._renditions: dict[RenditionName, ForeignRendition] = {}

    def rendition(self, name: RenditionName) -> "ForeignRendition":
        """The rendition of this name, known or new."""
        if name not in self._renditions:
            self._renditions[name] = ForeignRendition(self._timeline, self._targets, self._segment_s)
        return self._renditions[name]


class Timeline:
    """Where decode time 0 of an encoder lies on the node's clock."""

    __slots__ = ("_zero_ns",)

    def __init__(self) -> None:
        self._zero_ns: int | None = None

    def zero_of(self, chunk: Chunk, timescale: int, now_ns: int, not_before_ns: int) -> int:
        """The instant of decode time 0, as the first chunk of a body has it; Unix nanoseconds.

        Args:
            chunk: the first one.
            timescale: of its times.
            now_ns: when it came.
            not_before_ns: its first sample cannot be older.
        """
        length_ns = instant_after(0, chunk.duration_ticks, timescale)
        start_ns = instant_after(0, chunk.start_ticks, timescale)
        if self._zero_ns is not None:
            instant_ns = self._zero_ns + start_ns
            if abs(now_ns - length_ns - instant_ns) <= PLAUSIBLE_NS and instant_ns >= not_before_ns - _BACKWARDS_NS:
                return self._zero_ns
        told_ns, arrived_ns = chunk.capture_ns, now_ns - length_ns
        believed = told_ns is not None and abs(told_ns - arrived_ns) <= PLAUSIBLE_NS and told_ns >= not_before_ns
        self._zero_ns = (told_ns if told_ns is not None and believed else arrived_ns) - start_ns
        return self._zero_ns


class ForeignRendition:
    """One rendition of a foreign encoder, over all its bodies; see the module's theory of operation.

    Attributes:
        end_ns: instant at which the media that came so far ends, Unix nanoseconds; 0 before any.
        repeated: fragments dropped because they came before.
    """

    __slots__ = (
        "_end_ticks",
        "_index",
        "_joined",
        "_recent",
        "_segment_s",
        "_targets",
        "_timeline",
        "_track",
        "_zero_ns",
        "end_ns",
        "repeated",
    )

    def __init__(self, timeline: Timeline, targets: Targets, segment_s: Fraction) -> None:
        self.end_ns = 0
        self.repeated = 0
        self._timeline = timeline
        self._targets = targets
        self._segment_s = segment_s
        self._track: TrackDescription | None = None
        self._zero_ns: int | None = None  # None: the next chunk says where its body lies
        self._end_ticks = 0
        self._index = 0  # of the segment that is open, in multiples of the segment length
        self._joined: list[Chunk] = []  # shorter than a part
        self._recent: deque[bytes] = deque(maxlen=REMEMBERED)

    def begin(self) -> None:
        """A new body."""
        self._track = self._zero_ns = None
        self._joined.clear()

    def arrange(self, events: Iterable[Event], now_ns: int) -> Iterator[Event]:
        """The events of a body, as the session takes them.

        Raises:
            CmafRefused: no parts or segments can be made of them; the sentence says what to change in the encoder.
        """
        for event in events:
            match event:
                case InitSeen():
                    yield from self.finish()
                    self._track, self._zero_ns = event.track, None
                    yield event
                case ChunkSeen():
                    yield from self._take(event.chunk, now_ns)
                case BoundarySeen(last=True):
                    yield from self.finish()
                    yield event

    def finish(self) -> Iterator[Event]:
        """What is left when a body ends or its encoding changes: the last part of its segment."""
        if self._joined:
            yield self._part()

    def _take(self, chunk: Chunk, now_ns: int) -> Iterator[Event]:
        track = self._track
        assert track is not None, "the reader demands an init section first"
        length_s = Fraction(chunk.duration_ticks, track.timescale)
        if length_s > self._targets.part_target_s:
            raise CmafRefused(
                f"fragment of {float(length_s):.3f} s refused: a part is at most "
                f"{float(self._targets.part_target_s):.3f} s; {self._advice()}"
            )
        leads = track.kind is Kind.AUDIO or chunk.leads
        if self._zero_ns is not None and abs(chunk.start_ticks - self._end_ticks) > HOLE_S * track.timescale:
            yield from self.finish()
            self._zero_ns = None  # the timeline may have jumped
        if self._zero_ns is None:
            if self._repeats(chunk) or not leads:
                return
            self._zero_ns = self._timeline.zero_of(chunk, track.timescale, now_ns, self.end_ns)
            self._index = self._index_at(chunk, track)
            yield BoundarySeen(last=False)
        elif self._index_at(chunk, track) > self._index:
            if leads:
                yield from self.finish()
                self._index = self._index_at(chunk, track)
                yield BoundarySeen(last=False)
            else:
                self._refuse_if_late(chunk, track)
        yield from self._join(chunk, track)
        self._recent.append(_digest(chunk))
        self._end_ticks = chunk.start_ticks + chunk.duration_ticks
        self.end_ns = self._zero_ns + instant_after(0, self._end_ticks, track.timescale)

    def _repeats(self, chunk: Chunk) -> bool:
        repeats = _digest(chunk) in self._recent
        self.repeated += repeats
        return repeats

    def _index_at(self, chunk: Chunk, track: TrackDescription) -> int:
        """The segment, in multiples of its length, that a key frame at this place opens or belongs to."""
        return int((Fraction(chunk.start_ticks, track.timescale) + self._slack_s) // self._segment_s)

    @property
    def _slack_s(self) -> Fraction:
        """How far a segment may begin from its multiple: fragments end where they end."""
        return self._targets.part_target_s / 2

    def _refuse_if_late(self, chunk: Chunk, track: TrackDescription) -> None:
        due_s = (self._index + 1) * self._segment_s
        if Fraction(chunk.start_ticks, track.timescale) > due_s + self._slack_s:
            raise CmafRefused(
                f"fragment refused: none with a key frame at its start came within {float(self._slack_s):.2f} s of "
                f"{float(due_s):g} s, where a segment begins; {self._advice()}"
            )

    def _join(self, chunk: Chunk, track: TrackDescription) -> Iterator[Event]:
        """A part, if this fragment or what came before it is long enough for one."""
        shortest = MIN_PART_SHARE * self._targets.part_target_s * track.timescale
        before = sum(each.duration_ticks for each in self._joined)
        if self._joined and before + chunk.duration_ticks > self._targets.part_target_s * track.timescale:
            if not any(each.independent for each in self._joined):
                raise CmafRefused(
                    f"fragments of {before / track.timescale:.3f} s refused: with the next one they make no part of "
                    f"{float(shortest / track.timescale):.3f} to {float(self._targets.part_target_s):.3f} s; "
                    f"{self._advice()}"
                )
            yield self._part()
            before = 0
        self._joined.append(chunk)
        if before + chunk.duration_ticks >= shortest:
            yield self._part()

    def _part(self) -> ChunkSeen:
        """What was joined, as one chunk with its instant."""
        chunks, first, track = self._joined, self._joined[0], self._track
        assert track is not None
        assert self._zero_ns is not None, "the first fragment of a body sets it"
        part = replace(
            first,
            data=b"".join(each.data for each in chunks),
            duration_ticks=sum(each.duration_ticks for each in chunks),
            samples=sum(each.samples for each in chunks),
            independent=any(each.independent for each in chunks),
            capture_ns=self._zero_ns + instant_after(0, first.start_ticks, track.timescale),
        )
        self._joined = []
        return ChunkSeen(part)

    def _advice(self) -> str:
        """How ffmpeg is told to make fragments that fit."""
        fragment_us = int(_ADVISED_SHARE * self._targets.part_target_s * 1_000_000)
        return (
            f"ffmpeg: -movflags +cmaf+frag_keyframe -frag_duration {fragment_us} "
            f"-force_key_frames expr:gte(t,n_forced*{float(self._segment_s):g})"
        )


def _digest(chunk: Chunk) -> bytes:
    return blake2b(chunk.data, digest_size=_DIGEST_BYTES).digest()
