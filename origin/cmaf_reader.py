"""Pure: one pushed CMAF body, in bytes of any sizes, into init sections, segment boundaries and chunks.

Theory of operation. Boxes come one after another: ``ftyp moov`` once at the start and again whenever the encoding
changes, then ``[styp] [prft] [emsg] moof mdat`` for each chunk. A box is looked at when it is whole; what precedes a
``moof`` is kept and becomes part of the chunk. ``styp`` is told at once, because it ends the open segment. Boxes of
other types (``free``, ``sidx``, ``mfra`` ...) are left out.

Invariants: no more than one box and what precedes it is held; decode times never fall within one body; every input is
either read or refused with `CmafRefused`, after which the reader must not be fed again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.clock import ntp_to_unix_ns
from origin.boxes import MAX_BOX_BYTES, read_head, type_name
from origin.chunk_reader import read_moof, read_picture, read_prft
from origin.errors import CmafRefused
from origin.init_reader import SampleDefaults, read_init
from origin.model import Chunk, Kind, TrackDescription

_KEPT = frozenset((b"ftyp", b"moov", b"styp", b"prft", b"emsg", b"moof", b"mdat"))
_MAX_AHEAD_BYTES = 1 << 20  # styp, prft and emsg ahead of one moof


@dataclass(frozen=True, slots=True)
class InitSeen:
    """An init section is whole."""

    data: bytes
    track: TrackDescription


@dataclass(frozen=True, slots=True)
class BoundarySeen:
    """The open segment is whole; ``last``: and nothing follows it (brand ``lmsg``)."""

    last: bool


@dataclass(frozen=True, slots=True)
class ChunkSeen:
    """A chunk is whole."""

    chunk: Chunk


Event = InitSeen | BoundarySeen | ChunkSeen


class CmafReader:
    """See the module's theory of operation."""

    __slots__ = ("_ahead", "_buffer", "_defaults", "_end_ticks", "_ftyp", "_kind", "_moof", "_ntp")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._ftyp: bytes | None = None  # waiting for its moov
        self._defaults: SampleDefaults | None = None  # of the current init section
        self._kind = Kind.VIDEO  # of the current init section
        self._ahead: list[bytes] = []  # boxes that will open the next chunk
        self._ntp: int | None = None
        self._moof: bytes | None = None  # waiting for its mdat
        self._end_ticks = 0

    def feed(self, data: bytes) -> Iterator[Event]:
        """What is whole after these bytes, in order.

        Raises:
            CmafRefused: the bytes break a rule; its sentence says which.
        """
        buffer = self._buffer
        buffer += data
        while (head := read_head(buffer)) and len(buffer) >= head[2]:
            box_type, head_bytes, size = head
            box = bytes(memoryview(buffer)[:size])
            del buffer[:size]
            if box_type in _KEPT:
                event = self._take(box_type, box, memoryview(box)[head_bytes:])
                if event is not None:
                    yield event

    def finish(self) -> None:
        """The body is over.

        Raises:
            CmafRefused: it stops within a box or within a chunk.
        """
        if self._buffer or self._moof is not None or self._ftyp is not None:
            raise CmafRefused("body refused: it ends within a box or between two boxes that belong together")

    def _take(self, box_type: bytes, box: bytes, payload: memoryview) -> Event | None:
        expected = b"mdat" if self._moof is not None else b"moov" if self._ftyp is not None else None
        if expected is not None and box_type != expected:
            raise CmafRefused(f"box {type_name(box_type)} refused: {type_name(expected)} must be next")
        match box_type:
            case b"ftyp":
                self._ftyp = box
            case b"moov":
                return self._take_moov(box, payload)
            case b"mdat":
                return self._take_mdat(box, payload)
            case b"moof":
                self._require_init(box_type)
                self._moof = box
            case b"styp":
                self._require_init(box_type)
                self._keep_ahead(box)
                return BoundarySeen(last=any(bytes(payload[i : i + 4]) == b"lmsg" for i in range(0, len(payload), 4)))
            case _:
                if box_type == b"prft":
                    self._ntp = read_prft(payload)
                self._keep_ahead(box)
        return None

    def _require_init(self, box_type: bytes) -> None:
        if self._defaults is None:
            raise CmafRefused(f"box {type_name(box_type)} refused: the init section, ftyp and moov, must come first")

    def _keep_ahead(self, box: bytes) -> None:
        self._ahead.append(box)
        if sum(map(len, self._ahead)) > _MAX_AHEAD_BYTES:
            raise CmafRefused(f"more than {_MAX_AHEAD_BYTES} bytes refused: no chunk follows them")

    def _take_moov(self, box: bytes, payload: memoryview) -> InitSeen:
        if self._ftyp is None:
            raise CmafRefused("box 'moov' refused: 'ftyp' must come before it")
        track, self._defaults = read_init(payload)
        self._kind = track.kind
        data, self._ftyp = self._ftyp + box, None
        self._ahead.clear()
        self._end_ticks = 0
        return InitSeen(data, track)

    def _take_mdat(self, box: bytes, payload: memoryview) -> ChunkSeen:
        if self._moof is None or self._defaults is None:
            raise CmafRefused("box 'mdat' refused: 'moof' must come before it")
        head = read_head(self._moof)
        assert head is not None, "a kept box has a head"
        samples = read_moof(memoryview(self._moof)[head[1] :], self._defaults)
        if samples.size_bytes > len(payload):
            raise CmafRefused(f"chunk refused: samples of {samples.size_bytes} bytes in an mdat of {len(payload)}")
        if samples.start_ticks < self._end_ticks:
            raise CmafRefused(f"decode time {samples.start_ticks} refused: the last chunk ends at {self._end_ticks}")
        picture = None
        if samples.independent and self._kind is Kind.VIDEO:
            picture = read_picture(self._moof, box, head[1], self._defaults)
        data = b"".join((*self._ahead, self._moof, box))
        if len(data) > MAX_BOX_BYTES:
            raise CmafRefused(f"chunk of {len(data)} bytes refused: at most {MAX_BOX_BYTES} bytes are allowed")
        capture_ns = None if self._ntp is None else ntp_to_unix_ns(self._ntp)
        self._end_ticks = samples.start_ticks + samples.duration_ticks
        self._ahead.clear()
        self._moof = self._ntp = None
        return ChunkSeen(
            Chunk(
                data,
                samples.start_ticks,
                samples.duration_ticks,
                samples.count,
                samples.independent,
                capture_ns,
                picture,
                leads=samples.leads,
            )
        )
