import io

import av

from origin.cmaf_reader import ChunkSeen, CmafReader
from origin.iframes import Picture, picture_file
from support.cmaf_boxes import video_init
from support.cmaf_pusher import real_video


def read_back(data: bytes) -> ChunkSeen:
    """A fragment as a reader of pushes reads it."""
    (_, chunk) = CmafReader().feed(video_init() + data)
    assert isinstance(chunk, ChunkSeen)
    return chunk


def test_a_picture_is_a_fragment_of_one_sample_that_stands_a_while() -> None:
    picture = Picture(b"idr", 1, -5)
    seen = read_back(picture_file(picture, 8, 900_000, 180_000)).chunk
    assert (seen.start_ticks, seen.duration_ticks, seen.samples, seen.independent) == (900_000, 180_000, 1, True)
    assert seen.picture == picture


def test_a_real_picture_decodes_with_its_init_section() -> None:
    source = real_video(1)
    chunk = next(
        event.chunk for event in CmafReader().feed(source.init + source.next_part()) if isinstance(event, ChunkSeen)
    )
    assert chunk.picture is not None
    data = source.init + picture_file(chunk.picture, 1, chunk.start_ticks, 180_000)
    with av.open(io.BytesIO(data), "r") as container:
        (frame,) = container.decode(video=0)
        assert (frame.width, frame.height, frame.key_frame) == (320, 180, True)
