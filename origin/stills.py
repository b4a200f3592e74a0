"""Edge: a recording's poster and thumbnails: decoded, made small, laid on sheets, coded as JPEG; blocks."""

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from origin.names import POSTER, THUMBNAILS, iframe_file, init_file, segment_file, sheet_file
from origin.recording import KeptRendition, KeptSegment, Recording
from origin.remux import Fetch
from origin.storage.errors import ObjectUnknown
from origin.thumbnails import Tile, choose_poster, choose_tiles, print_webvtt, sheet_grid, tile_size

_QUALITY = 5  # mjpeg's scale, 2 is best and 31 worst; a sheet of a hundred tiles has about 300 KB
_LAMBDA = 118  # of libav for one step of that scale (FF_QP2LAMBDA)


def draw(fetch: Fetch, recording: Recording) -> dict[str, bytes]:
    """The files by name; none of a recording without pictures, or whose poster cannot be decoded."""
    best, smallest = recording.best_video, recording.smallest_video
    if best is None or smallest is None:
        return {}
    poster = _picture_of(fetch, best, choose_poster(best))
    if poster is None:
        return {}
    tiles = choose_tiles(smallest)
    size = tile_size(smallest.track.width, smallest.track.height)
    pictures = (_picture_of(fetch, smallest, tile.segment) for tile in tiles)
    sheets = {sheet_file(number): sheet for number, sheet in enumerate(draw_sheets(tiles, pictures, size))}
    return {**sheets, POSTER: encode_jpeg(poster), THUMBNAILS: print_webvtt(tiles, size).encode()}


def _picture_of(fetch: Fetch, rendition: KeptRendition, segment: KeptSegment) -> VideoFrame | None:
    try:
        init = fetch(rendition.name, init_file(segment.init))
        name = iframe_file if segment.iframe_bytes else segment_file
        return first_picture(init, fetch(rendition.name, name(segment.msn)))
    except ObjectUnknown:  # removed a moment ago
        return None


def first_picture(init: bytes, segment: bytes) -> VideoFrame | None:
    """The picture a segment begins with; None if it cannot be decoded."""
    try:
        with av.open(io.BytesIO(init + segment), "r", format="mp4") as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.skip_frame = "NONKEY"
            return next(container.decode(stream), None)
    except av.FFmpegError:
        return None


def draw_sheets(tiles: Sequence[Tile], pictures: Iterator[VideoFrame | None], size: tuple[int, int]) -> Iterator[bytes]:
    """The sheets as JPEG files, in order; a picture that is missing leaves the one before in its place.

    Args:
        tiles: all of them, in order.
        pictures: one for each tile, in any size.
        size: of a tile, in pixels.
    """
    width, height = size
    scaler = VideoReformatter()
    small = np.zeros((height, width, 3), np.uint8)
    for number in range(tiles[-1].sheet + 1):
        on_it = [tile for tile in tiles if tile.sheet == number]
        columns, rows = sheet_grid(len(on_it))
        sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
        for tile in on_it:
            picture = next(pictures)
            if picture is not None:
                small[:] = scaler.reformat(picture, width, height, "rgb24", threads=1).to_ndarray()
            top, left = tile.row * height, tile.column * width
            sheet[top : top + height, left : left + width] = small
        yield encode_jpeg(VideoFrame.from_ndarray(sheet, format="rgb24"))


def encode_jpeg(picture: VideoFrame) -> bytes:
    """A picture as a JPEG file."""
    encoder = av.VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuvj420p"
    encoder.time_base = Fraction(1, 1)
    encoder.color_range = 2
    encoder.thread_count = 1
    encoder.options = {"flags": "+qscale", "global_quality": str(_QUALITY * _LAMBDA)}
    frame = VideoReformatter().reformat(picture, format="yuvj420p", threads=1)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))
