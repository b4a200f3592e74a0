import struct

from infra.clock import ntp_to_unix_ns
from support.box_tree import boxes, find
from transcoder.packager import Packager
from transcoder.timeline import Timeline

TIMELINE = Timeline(1_700_000_000_000_000_000, 30)


def kinds(data: bytes) -> list[bytes]:
    return [kind for kind, _ in boxes(data)]


def test_the_first_chunk_opens_a_segment_and_the_last_one_of_a_segment_the_next() -> None:
    packager = Packager(TIMELINE, 90_000)
    packager.add(900_000, b"I", sync=True)
    assert kinds(packager.close_part(903_000, ends_segment=False)) == [b"styp", b"prft", b"moof", b"mdat"]
    packager.add(903_000, b"P", sync=False)
    assert kinds(packager.close_part(906_000, ends_segment=True)) == [b"prft", b"moof", b"mdat", b"styp"]
    packager.add(906_000, b"I", sync=True)
    assert kinds(packager.close_part(909_000, ends_segment=False)) == [b"prft", b"moof", b"mdat"]


def test_a_part_without_samples_is_nothing() -> None:
    assert Packager(TIMELINE, 90_000).close_part(0, ends_segment=True) == b""


def test_the_producer_time_is_the_capture_instant_of_the_first_sample() -> None:
    packager = Packager(TIMELINE, 90_000)
    packager.add(990_000, b"I", sync=True)
    prft = find(packager.close_part(993_000, ends_segment=False), b"prft")
    _, _, ntp, media_time = struct.unpack(">IIQQ", prft)
    assert media_time == 990_000
    assert abs(ntp_to_unix_ns(ntp) - (TIMELINE.epoch_ns + 10**9)) <= 1


def test_a_left_out_picture_makes_the_one_before_last_longer() -> None:
    packager = Packager(TIMELINE, 90_000)
    packager.add(900_000, b"I", sync=True)
    packager.add(906_000, b"P", sync=False)
    trun = find(packager.close_part(909_000, ends_segment=False), b"moof", b"traf", b"trun")
    assert struct.unpack_from(">IIII", trun, 16) == (6000, 1, 3000, 1)
