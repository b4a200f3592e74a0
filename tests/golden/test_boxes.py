from collections.abc import Callable

from support.box_tree import dump
from transcoder.cmaf import Sample, audio_init, chunk, producer_time, segment_type, video_init

Compare = Callable[[str, str], None]
AVCC = bytes.fromhex("0164001fffe1000467640 01f01000468ee3cb0".replace(" ", ""))


def test_init_section_of_video(golden: Compare) -> None:
    golden("init-video.txt", dump(video_init(AVCC, 1280, 720, 90_000, 2_800_000)))


def test_init_section_of_audio(golden: Compare) -> None:
    golden("init-audio.txt", dump(audio_init(bytes.fromhex("1190"), 48_000, 2, 128_000)))


def test_chunk_that_opens_a_segment(golden: Compare) -> None:
    samples = [Sample(b"I" * 50, 3000, sync=True), *[Sample(b"P" * 10, 3000, sync=False)] * 5]
    data = segment_type() + producer_time(0xEB000000_80000000, 900_000) + chunk(1, 900_000, samples)
    golden("chunk-video.txt", dump(data))


def test_chunk_with_left_out_pictures(golden: Compare) -> None:
    samples = [Sample(b"I" * 50, 3000, sync=True), Sample(b"P" * 10, 6000, sync=False)]
    golden("chunk-uneven.txt", dump(chunk(2, 2**33, samples)))


def test_chunk_of_audio(golden: Compare) -> None:
    golden("chunk-audio.txt", dump(chunk(3, 480_000, [Sample(b"A" * 20, 1024, sync=True)] * 9)))
