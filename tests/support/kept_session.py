"""A finished session put into a store as the origin leaves it: init sections, segments, a journal."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from infra.ids import RenditionName, SessionId, StreamName
from origin.cmaf_reader import ChunkSeen, CmafReader, InitSeen
from origin.iframes import picture_file
from origin.journal import Ended, InitStored, Opened, Record, SegmentStored, print_page
from origin.model import NS_PER_S, Chunk, TrackDescription
from origin.names import iframe_file, init_file, journal_key, object_key, segment_file
from origin.storage.contract import ObjectStore, list_all
from support.cmaf_pusher import START_NS, Source, real_audio, real_video
from support.origin_media import targets

CAT, S1 = StreamName("cat"), SessionId("s1")
HD, SOUND = RenditionName("720p"), RenditionName("audio")


@dataclass
class KeptSession:
    """The objects of a session by key, and the records of its journal."""

    stream: StreamName = CAT
    session: SessionId = S1
    objects: dict[str, bytes] = field(default_factory=dict)
    records: list[Record] = field(default_factory=lambda: [Opened(START_NS, targets(60), Fraction(2))])

    def keep(
        self, name: RenditionName, source: Source, *, first_msn: int = 0, init: int = 0, broken: bool = False
    ) -> int:
        """Keep all whole segments of a source that has real samples; the number that comes next is returned.

        Args:
            name: of the rendition.
            source: its media.
            first_msn: number of the first segment.
            init: number of the init section.
            broken: a discontinuity stands before the first segment.
        """
        track = self._keep_init(name, source, init)
        msn = first_msn
        while (source.index + source.parts_per_segment) * source.samples_per_part <= len(source.samples):
            parts = b"".join(source.parts(source.parts_per_segment))
            chunks = _chunks(source.init + parts)
            self.objects[object_key(self.stream, self.session, name, segment_file(msn))] = parts
            iframe = _iframe(chunks)
            if iframe:
                self.objects[object_key(self.stream, self.session, name, iframe_file(msn))] = iframe
            capture_ns = chunks[0].capture_ns
            assert capture_ns is not None
            duration_ticks = sum(chunk.duration_ticks for chunk in chunks)
            self.records.append(
                SegmentStored(
                    *(name, msn, init, chunks[0].start_ticks, duration_ticks, capture_ns),
                    broken and msn == first_msn,
                    source.index,
                    len(parts),
                    iframe_bytes=len(iframe),
                )
            )
            msn += 1
        assert track.timescale == source.timescale
        return msn

    def _keep_init(self, name: RenditionName, source: Source, number: int) -> TrackDescription:
        seen = next(iter(CmafReader().feed(source.init)))
        assert isinstance(seen, InitSeen)
        self.objects[object_key(self.stream, self.session, name, init_file(number))] = seen.data
        self.records.append(InitStored(name, number, seen.track, len(seen.data)))
        return seen.track

    def lose(self, name: RenditionName, msn: int) -> None:
        """The store has not the object of a segment any more."""
        del self.objects[object_key(self.stream, self.session, name, segment_file(msn))]

    def mark_gap(self, name: RenditionName, msn: int) -> None:
        """The journal says that the media of a segment never came."""
        self.lose(name, msn)
        self.records = [
            replace(each, size_bytes=0, start_ticks=0)
            if isinstance(each, SegmentStored) and (each.rendition, each.msn) == (name, msn)
            else each
            for each in self.records
        ]

    def end(self) -> None:
        """The journal is whole."""
        self.records.append(Ended(START_NS + 3600 * NS_PER_S))

    async def store_in(self, store: ObjectStore) -> None:
        """Put everything into a store, the journal in pages of seven records."""
        for key, data in self.objects.items():
            await store.put(key, data)
        for first in range(0, len(self.records), 7):
            page = print_page(self.records[first : first + 7])
            await store.put(journal_key(self.stream, self.session, first // 7), page)


def _chunks(body: bytes) -> list[Chunk]:
    return [event.chunk for event in CmafReader().feed(body) if isinstance(event, ChunkSeen)]


def _iframe(chunks: list[Chunk]) -> bytes:
    """The picture that a segment begins with, as a file; empty for sound."""
    first = chunks[0]
    if first.picture is None:
        return b""
    return picture_file(first.picture, 1, first.start_ticks, sum(chunk.duration_ticks for chunk in chunks))


def real_session(seconds: int = 12, *, ended: bool = True) -> KeptSession:
    """Real pictures and a real tone, in segments of two seconds."""
    kept = KeptSession()
    kept.keep(HD, real_video(seconds))
    kept.keep(SOUND, real_audio(seconds))
    if ended:
        kept.end()
    return kept


async def keys_of(store: ObjectStore, prefix: str = "") -> list[str]:
    """The keys of all objects below a prefix, in their order."""
    return sorted([stored.key async for stored in list_all(store, prefix)])
