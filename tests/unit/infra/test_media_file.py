"""A real film, and files made for the purpose, as pictures and sound on a timeline."""

import itertools
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from infra.media_file import SAMPLE_RATE, MediaUnreadable, Shape, read_media_file
from support.film import film_path


@pytest.fixture
def beep_file(tmp_path: Path) -> Path:
    """Half a second of sound at 44.1 kHz, mono, no video."""
    path = tmp_path / "beep.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=44_100, layout="mono")
        samples = (np.sin(np.arange(22_050) * 0.1) * 8000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_film_says_what_is_in_it() -> None:
    film = read_media_file(film_path())
    assert film.shape == Shape(1280, 720, Fraction(25))
    assert film.has_sound
    assert film.length_s == pytest.approx(5.3, abs=0.3)


def test_pictures_come_in_order_in_the_shape_that_was_asked_for() -> None:
    film = read_media_file(film_path())
    pictures = list(itertools.islice(film.pictures(Shape(320, 180, Fraction(25)), loop=False), 20))
    assert [at_s for at_s, _ in pictures] == pytest.approx([n / 25 for n in range(20)], abs=0.002)
    assert {(picture.width, picture.height, picture.format.name) for _, picture in pictures} == {(320, 180, "yuv420p")}


def test_fewer_pictures_a_second_are_evenly_spread() -> None:
    film = read_media_file(film_path())
    pictures = itertools.islice(film.pictures(Shape(320, 180, Fraction(10)), loop=False), 20)
    times = [float(at_s) for at_s, _ in pictures]
    assert times[-1] == pytest.approx(1.9, abs=0.05)
    assert max(np.diff(times)) <= 0.121


def test_surround_sound_is_mixed_down_and_as_long_as_the_pictures() -> None:
    film = read_media_file(film_path())
    sound = np.concatenate(list(film.sound(loop=False)))
    assert sound.shape[1] == 2
    assert sound.dtype == np.int16
    assert len(sound) / SAMPLE_RATE == pytest.approx(5.3, abs=0.3)
    assert np.abs(sound).max() > 500


def test_a_looped_film_goes_on_without_a_step_in_time_and_sound_does_not_drift() -> None:
    film = read_media_file(film_path())
    assert film.length_s is not None
    rounds = 3
    times = []
    for at_s, _ in film.pictures(Shape(64, 36, Fraction(25)), loop=True):
        if at_s >= rounds * film.length_s:
            break
        times.append(float(at_s))
    assert min(np.diff(times)) > 0
    assert max(np.diff(times)) < 0.25
    position = 0
    for piece in film.sound(loop=True):
        if position >= round(rounds * film.length_s * SAMPLE_RATE):
            break
        position += len(piece)
    assert position == pytest.approx(rounds * film.length_s * SAMPLE_RATE, abs=2048)


def test_sound_alone_at_another_rate_is_resampled(beep_file: Path) -> None:
    file = read_media_file(beep_file)
    assert file.shape is None
    assert file.has_sound
    sound = np.concatenate(list(file.sound(loop=False)))
    assert len(sound) == pytest.approx(SAMPLE_RATE / 2, abs=100)


@pytest.mark.parametrize("content", [None, b"", b"just text\n", b"\x00" * 4096])
def test_what_is_no_media_file_is_refused_in_one_line(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaUnreadable, match=r"x\.mp4 refused: .+") as refused:
        read_media_file(path)
    assert "\n" not in str(refused.value)


TOP, BOTTOM = 220, 40  # luma of the halves of the picture that lies on its side: its left and right


@pytest.fixture
def sideways_file(tmp_path: Path) -> Path:
    """A picture of 64x32, left half bright, to be turned a quarter clockwise, as phones write it."""
    path = tmp_path / "sideways.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        planes = np.full((48, 64), 128, np.uint8)
        planes[:32, :32], planes[:32, 32:] = TOP, BOTTOM
        container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40  # ISO/IEC 14496-12 8.3.2.2, version 0
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 32 << 16, 0, 1 << 30)
    path.write_bytes(data)
    return path


def test_a_film_that_lies_on_its_side_is_set_upright(sideways_file: Path) -> None:
    film = read_media_file(sideways_file)
    assert film.shape == Shape(32, 64, Fraction(25))
    ((_, picture),) = film.pictures(film.shape, loop=False)
    luma = picture.to_ndarray()[:64]
    assert luma[:28].mean() == pytest.approx(TOP, abs=8)
    assert luma[36:].mean() == pytest.approx(BOTTOM, abs=8)


def test_wide_pixels_make_a_wider_picture(tmp_path: Path) -> None:
    path = tmp_path / "anamorphic.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((96, 64), 90, np.uint8), format="yuv420p")))
        container.mux(stream.encode(None))
    assert read_media_file(path).shape == Shape(128, 64, Fraction(25))
