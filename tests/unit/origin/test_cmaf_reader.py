import struct

import pytest

from origin.cmaf_reader import BoundarySeen, ChunkSeen, CmafReader, Event, InitSeen
from origin.errors import CmafRefused
from origin.model import Kind
from support.cmaf_boxes import Sample, audio_init, box, chunk, ftyp, full, prft, styp, video_init

NS = 1_800_000_000_123_000_000
CHUNK = chunk(9000, [Sample(b"abc", 3000), Sample(b"d", 3000, sync=False)])


def read(data: bytes, step: int = 1 << 20) -> list[Event]:
    """All events of a body that comes in pieces."""
    reader = CmafReader()
    events = [event for at in range(0, len(data), step) for event in reader.feed(data[at : at + step])]
    reader.finish()
    return events


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_a_body_in_pieces_of_any_size_gives_the_same_events(step: int) -> None:
    init, boundary, first, second = read(
        video_init() + styp() + prft(NS) + CHUNK + chunk(15_000, [Sample(b"x", 10)]), step
    )
    assert isinstance(init, InitSeen)
    assert init.data == video_init()
    assert init.track.kind is Kind.VIDEO
    assert boundary == BoundarySeen(last=False)
    assert isinstance(first, ChunkSeen)
    assert first.chunk.data == styp() + prft(NS) + CHUNK
    assert (first.chunk.start_ticks, first.chunk.duration_ticks, first.chunk.samples) == (9000, 6000, 2)
    assert first.chunk.independent
    assert first.chunk.capture_ns is not None
    assert abs(first.chunk.capture_ns - NS) <= 1
    assert isinstance(second, ChunkSeen)
    assert second.chunk.capture_ns is None


def test_only_video_has_pictures_and_only_where_decoding_can_begin() -> None:
    dependent = chunk(15_000, [Sample(b"x", 10, sync=False)])
    (_, first, second) = read(video_init() + CHUNK + dependent)
    assert isinstance(first, ChunkSeen)
    assert first.chunk.picture is not None
    assert first.chunk.picture.data == b"abc"
    assert isinstance(second, ChunkSeen)
    assert second.chunk.picture is None
    (_, sound) = read(audio_init() + CHUNK)
    assert isinstance(sound, ChunkSeen)
    assert sound.chunk.picture is None


def test_a_boundary_is_told_before_its_chunk_comes() -> None:
    reader = CmafReader()
    assert list(reader.feed(video_init() + styp()))[1:] == [BoundarySeen(last=False)]


def test_the_last_segment_is_told() -> None:
    assert read(video_init() + styp(last=True))[1:] == [BoundarySeen(last=True)]


def test_boxes_of_other_types_are_left_out() -> None:
    extra = box(b"free", b"x") + box(b"sidx", b"y")
    events = read(extra + ftyp() + extra + video_init()[len(ftyp()) :] + extra + CHUNK + box(b"mfra"))
    assert [type(event) for event in events] == [InitSeen, ChunkSeen]
    assert isinstance(events[1], ChunkSeen)
    assert events[1].chunk.data == CHUNK


def test_events_for_players_stay_with_their_chunk() -> None:
    emsg = full(b"emsg", 1, 0, bytes(16), b"a\0b\0")
    events = read(video_init() + emsg + CHUNK)
    assert isinstance(events[1], ChunkSeen)
    assert events[1].chunk.data == emsg + CHUNK


def test_a_second_init_section_begins_a_new_timeline() -> None:
    events = read(video_init() + CHUNK + styp() + video_init(640, 360) + chunk(0, [Sample(b"x", 10)]))
    assert [type(event) for event in events] == [InitSeen, ChunkSeen, BoundarySeen, InitSeen, ChunkSeen]
    assert isinstance(events[4], ChunkSeen)
    assert not events[4].chunk.data.startswith(styp()), "what stood ahead of the init section belongs to nothing"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (CHUNK, "init section, ftyp and moov, must come first"),
        (styp(), "init section, ftyp and moov, must come first"),
        (video_init()[len(ftyp()) :], "'ftyp' must come before it"),
        (ftyp() + CHUNK, "'moov' must be next"),
        (video_init() + box(b"mdat"), "'moof' must come before it"),
        (video_init() + CHUNK[: struct.unpack_from(">I", CHUNK)[0]] * 2, "'mdat' must be next"),
        (video_init() + CHUNK * 2, "decode time 9000 refused: the last chunk ends at 15000"),
        (video_init() + CHUNK[:-12] + box(b"mdat"), "samples of 4 bytes in an mdat of 0"),
        (video_init() + box(b"emsg", bytes(1 << 20)), "no chunk follows them"),
        (video_init() + struct.pack(">I4s", 1 << 30, b"mdat"), "box 'mdat' of 1073741824 bytes refused"),
        (video_init() + CHUNK[:-1], "it ends within a box"),
        (video_init() + CHUNK[: struct.unpack_from(">I", CHUNK)[0]], "two boxes that belong together"),
        (ftyp(), "two boxes that belong together"),
        (audio_init()[:60], "it ends within a box"),
    ],
)
def test_a_body_that_breaks_a_rule_is_refused_with_one_sentence(body: bytes, complaint: str) -> None:
    with pytest.raises(CmafRefused, match=complaint):
        read(body)


def test_a_chunk_that_is_too_long_with_what_precedes_it_is_refused() -> None:
    large = chunk(0, [Sample(bytes((16 << 20) - 200), 10)])
    with pytest.raises(CmafRefused, match=r"chunk of .* bytes refused"):
        read(video_init() + box(b"emsg", bytes(500)) + large)
