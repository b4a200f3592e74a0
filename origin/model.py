"""Pure: the values the origin works with: tracks, init sections, parts and segments.

Media times are ticks of the track's timescale; an instant on the publisher's capture clock is Unix nanoseconds.
"""

import enum
from dataclasses import dataclass
from fractions import Fraction

from origin.iframes import Picture

NS_PER_S = 1_000_000_000


class Kind(enum.StrEnum):
    """What a rendition carries."""

    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class TrackDescription:
    """What an init section says about its one track.

    Attributes:
        kind: video or audio.
        codec: as it stands in CODECS: ``avc1.64001f``, ``mp4a.40.2`` (RFC 6381).
        timescale: ticks per second of `Part.start_ticks` and all durations.
        width: of the picture, in pixels; 0 for audio.
        height: of the picture, in pixels; 0 for audio.
        channels: of the sound; 0 for video.
        sample_rate: of the sound, in Hz; 0 for video.
        peak_bps: highest bit rate, from ``btrt`` or ``esds``; 0 if not said.
        average_bps: average bit rate, from the same; 0 if not said.
    """

    kind: Kind
    codec: str
    timescale: int
    width: int = 0
    height: int = 0
    channels: int = 0
    sample_rate: int = 0
    peak_bps: int = 0
    average_bps: int = 0


@dataclass(frozen=True, slots=True)
class InitSection:
    """``ftyp`` and ``moov``: what a decoder needs before the first segment.

    Attributes:
        number: counts the init sections of a rendition, from 0; part of its URL.
        data: the bytes as they were pushed.
        track: what they say.
    """

    number: int
    data: bytes
    track: TrackDescription


@dataclass(frozen=True, slots=True)
class Chunk:
    """One ``moof`` and ``mdat`` as it was pushed, with the boxes before it; it becomes one part.

    Attributes:
        data: the bytes, starting with ``styp`` or ``prft`` if there was one.
        start_ticks: decode time of the first sample (``tfdt``).
        duration_ticks: sum of the samples' durations; at least 1.
        samples: how many.
        independent: at least one sample can be decoded without earlier ones.
        capture_ns: capture instant of the first sample, or None if no ``prft`` said so.
        picture: the first sample, if it is a picture that can be decoded without others.
        leads: its first sample is one of those, so that a segment may begin with it.
    """

    data: bytes
    start_ticks: int
    duration_ticks: int
    samples: int
    independent: bool
    capture_ns: int | None
    picture: Picture | None = None
    leads: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a segment, listed as soon as it is whole (rfc8216bis 4.4.4.9).

    Attributes:
        number: counts the parts of a rendition through the whole session, from 0; part of its URL.
        start_ticks: decode time of the first sample.
        duration_ticks: at least 1.
        independent: it holds an independent frame.
        gap: its media never came (GAP=YES).
    """

    number: int
    start_ticks: int
    duration_ticks: int
    independent: bool
    gap: bool = False

    @property
    def end_ticks(self) -> int:
        """Decode time of the sample that follows."""
        return self.start_ticks + self.duration_ticks


@dataclass(frozen=True, slots=True)
class Segment:
    """A finished segment.

    Attributes:
        msn: media sequence number.
        init: the init section it is decoded with.
        parts: all its parts in order; none if nothing of it came, and when its bytes are only in the store.
        duration_ticks: exactly the sum of the parts' durations; for a gap, of what is missing.
        program_ns: capture instant of its first sample, Unix nanoseconds.
        discontinuity: it does not continue the segment before it.
        data: the bytes of the parts that came in one piece; empty when they are only in the store.
        iframe: its first picture as a file of its own; empty for sound, without media, if it begins with no IDR, and
            when it is only in the store.
        lost: some of its parts never came.
        stored_bytes: length of its object when its bytes are only in the store, else 0.
        stored_iframe_bytes: length of its I-frame's object when that is only in the store, else 0.
    """

    msn: int
    init: InitSection
    parts: tuple[Part, ...]
    duration_ticks: int
    program_ns: int
    discontinuity: bool
    data: bytes
    iframe: bytes = b""
    lost: bool = False
    stored_bytes: int = 0
    stored_iframe_bytes: int = 0

    @property
    def gap(self) -> bool:
        """Its media never came, or not all of it (EXT-X-GAP)."""
        return self.lost or not (self.parts or self.stored_bytes)

    @property
    def size_bytes(self) -> int:
        """Length of what came of it, wherever that is."""
        return len(self.data) or self.stored_bytes

    @property
    def iframe_bytes(self) -> int:
        """Length of its I-frame, wherever that is; 0: there is none."""
        return len(self.iframe) or self.stored_iframe_bytes

    @property
    def duration_s(self) -> Fraction:
        """Length in seconds, exact."""
        return Fraction(self.duration_ticks, self.init.track.timescale)

    @property
    def end_ns(self) -> int:
        """Capture instant of what follows it, Unix nanoseconds."""
        return self.program_ns + self.duration_ticks * NS_PER_S // self.init.track.timescale
