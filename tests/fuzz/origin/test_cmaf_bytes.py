"""Whatever is pushed, the reader answers with events or with one refusal."""

import random

from hypothesis import given
from hypothesis import strategies as st

from origin.cmaf_reader import ChunkSeen, CmafReader
from origin.errors import CmafRefused
from support.cmaf_boxes import Sample, audio_init, box, chunk, prft, styp, video_init

BODY = (
    video_init()
    + styp()
    + prft(1_800_000_000_000_000_000)
    + chunk(0, [Sample(b"abc", 3000), Sample(b"d", 3000, sync=False)])
    + styp()
    + audio_init()
    + chunk(48_000, [Sample(b"e" * 20, 1024)] * 4)
)
BOXES = [b"ftyp", b"moov", b"styp", b"prft", b"moof", b"mdat", b"emsg", b"free"]


def feed(data: bytes, step: int) -> None:
    """Read a body; a chunk that is accepted must keep what the origin relies on."""
    reader = CmafReader()
    try:
        for at in range(0, len(data), step):
            for event in reader.feed(data[at : at + step]):
                if isinstance(event, ChunkSeen):
                    assert event.chunk.duration_ticks >= 1
                    assert event.chunk.samples >= 1
                    assert event.chunk.data
        reader.finish()
    except CmafRefused as refusal:
        assert str(refusal)  # noqa: PT017  # a refusal is one of two good outcomes


@given(st.binary(max_size=400), st.integers(1, 50))
def test_noise(data: bytes, step: int) -> None:
    feed(data, step)


@given(st.lists(st.tuples(st.sampled_from(BOXES), st.binary(max_size=60)), max_size=12))
def test_boxes_in_any_order_with_any_content(boxes: list[tuple[bytes, bytes]]) -> None:
    feed(b"".join(box(kind, payload) for kind, payload in boxes), 7)


@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 400))
def test_a_real_body_with_some_bytes_changed(seed: int, changes: int, step: int) -> None:
    chance = random.Random(seed)
    data = bytearray(BODY)
    for _ in range(changes):
        data[chance.randrange(len(data))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
    feed(bytes(data), step)


@given(st.integers(0, len(BODY)), st.integers(0, len(BODY)))
def test_a_real_body_with_a_piece_missing(first: int, second: int) -> None:
    start, stop = sorted((first, second))
    feed(BODY[:start] + BODY[stop:], 64)
