import struct

import pytest

from origin.boxes import read_head
from origin.errors import CmafRefused
from origin.init_reader import SampleDefaults, read_init
from origin.model import Kind, TrackDescription
from support.cmaf_boxes import ASC, _descriptor, audio_init, box, ftyp, full, video_init


def moov(init: bytes) -> memoryview:
    """The moov payload of an init section."""
    head = read_head(init)
    assert head is not None
    return memoryview(init)[head[2] + 8 :]


def changed(init: bytes, old: bytes, new: bytes) -> memoryview:
    """The moov payload with some bytes replaced by as many others."""
    assert old in init
    assert len(old) == len(new)
    return moov(init.replace(old, new))


def test_video_is_described() -> None:
    track, defaults = read_init(moov(video_init(1280, 720, 2_500_000)))
    expected = TrackDescription(
        Kind.VIDEO, "avc1.640020", 90_000, width=1280, height=720, peak_bps=2_500_000, average_bps=2_500_000
    )
    assert track == expected
    assert defaults == SampleDefaults(0, 0, 0)


def test_audio_is_described() -> None:
    track, _ = read_init(moov(audio_init(2, 96_000)))
    expected = TrackDescription(
        Kind.AUDIO, "mp4a.40.2", 48_000, channels=2, sample_rate=48_000, peak_bps=96_000, average_bps=96_000
    )
    assert track == expected


def test_without_a_bit_rate_it_is_zero() -> None:
    assert read_init(moov(video_init(bit_rate=0)))[0].peak_bps == 0


def test_a_bit_rate_box_fills_in_for_a_silent_descriptor() -> None:
    esds = audio_init(bit_rate=0)
    start = esds.index(b"mp4a") - 4
    entry_bytes = struct.unpack_from(">I", esds, start)[0]
    btrt = box(b"btrt", struct.pack(">III", 0, 70_000, 60_000))
    grown = esds[: start + entry_bytes] + btrt + esds[start + entry_bytes :]
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"mp4a"):
        at = grown.index(name) - 4
        grown = grown[:at] + struct.pack(">I", struct.unpack_from(">I", grown, at)[0] + len(btrt)) + grown[at + 4 :]
    track, _ = read_init(moov(grown))
    assert (track.peak_bps, track.average_bps) == (70_000, 60_000)


def test_a_long_audio_object_type_is_read() -> None:
    asc = bytes([31 << 3 | (42 - 32) >> 3, ((42 - 32) & 7) << 5])  # xHE-AAC is 42
    assert read_init(moov(audio_init(asc=asc)))[0].codec == "mp4a.40.42"


def test_a_64_bit_media_header_is_read() -> None:
    init = video_init()
    at = init.index(b"mdhd") - 4
    old = init[at : at + 32]
    new = full(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, 90_000, 0, 0x55C4, 0))
    grown = init[:at] + new + init[at + 32 :]
    assert len(old) == struct.unpack_from(">I", old)[0]
    for name in (b"moov", b"trak", b"mdia"):
        at = grown.index(name) - 4
        grown = grown[:at] + struct.pack(">I", struct.unpack_from(">I", grown, at)[0] + 12) + grown[at + 4 :]
    assert read_init(moov(grown))[0].timescale == 90_000


@pytest.mark.parametrize("timescale", [0, 10_000_001])
def test_a_timescale_out_of_range_is_refused(timescale: int) -> None:
    with pytest.raises(CmafRefused, match=f"timescale {timescale} refused"):
        read_init(moov(video_init(timescale=timescale)))


@pytest.mark.parametrize(("width", "height"), [(0, 720), (1280, 0), (20_000, 720)])
def test_a_picture_out_of_range_is_refused(width: int, height: int) -> None:
    with pytest.raises(CmafRefused, match="refused: allowed are 1 to 16384 pixels"):
        read_init(moov(video_init(width, height)))


@pytest.mark.parametrize("channels", [0, 33])
def test_a_number_of_channels_out_of_range_is_refused(channels: int) -> None:
    with pytest.raises(CmafRefused, match=f"sound of {channels} channels refused"):
        read_init(moov(audio_init(channels)))


@pytest.mark.parametrize("avcc", [b"\2\x64\0\x20", b"\1\x64"])
def test_another_decoder_configuration_is_refused(avcc: bytes) -> None:
    with pytest.raises(CmafRefused, match="'avcC' refused"):
        read_init(moov(video_init(avcc=avcc)))


@pytest.mark.parametrize("name", [b"hvc1", b"avc3", b"\xff\0ab"])
def test_another_sample_entry_is_refused(name: bytes) -> None:
    with pytest.raises(CmafRefused, match="allowed are 'avc1' video and 'mp4a' audio"):
        read_init(changed(video_init(), b"avc1", name))


def test_a_handler_that_does_not_fit_its_entry_is_refused() -> None:
    with pytest.raises(CmafRefused, match="sample entry 'avc1' refused"):
        read_init(changed(video_init(), b"vide", b"soun"))


def test_no_sample_entry_is_refused() -> None:
    stsd = full(b"stsd", 0, 0, bytes(4))
    with pytest.raises(CmafRefused, match="0 boxes"):
        read_init(memoryview(box(b"trak", box(b"mdia", stsd))))


def test_two_sample_entries_are_refused() -> None:
    init = video_init()
    at = init.index(b"avcC") - 4  # the visual entry's own fields end here: cut it off and make two short ones
    head = init.index(b"avc1") - 4
    size = struct.unpack_from(">I", init, head)[0]
    two = box(b"avc1", bytes(at - head - 8)) + box(b"free", bytes(size - (at - head) - 8))
    with pytest.raises(CmafRefused, match="2 sample entries refused"):
        read_init(moov(init[:head] + two + init[head + size :]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (_descriptor(3, b"")[:1] + b"\x80\x80\x80", b"\x07\x80\x80\x80"),  # not an ES descriptor
        (b"\x40\x15\0\0\0", b"\x20\x15\0\0\0"),  # not MPEG-4 audio
        (b"\x05\x80\x80\x80\x02", b"\x05\x80\x80\x80\x7f"),  # longer than the box
        (b"\x05\x80\x80\x80\x02", b"\x05\x80\x80\x80\x80"),  # a length that does not end
        (b"\x05\x80\x80\x80\x02", b"\x05\x80\x80\x80\x01"),  # too short a configuration
        (b"\0\1\0\x04\x80\x80\x80", b"\0\1\x80\x04\x80\x80\x80"),  # depends on another stream
    ],
)
def test_a_broken_descriptor_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(CmafRefused, match="'esds' refused"):
        read_init(changed(audio_init(asc=ASC), old, new))


def test_a_descriptor_that_is_not_there_is_refused() -> None:
    with pytest.raises(CmafRefused, match="no whole descriptor 5"):
        read_init(changed(audio_init(), b"\x04\x80\x80\x80\x14", b"\x04\x80\x80\x80\x0d"))


def test_an_empty_moov_is_refused() -> None:
    with pytest.raises(CmafRefused, match="0 boxes 'trak' found"):
        read_init(memoryview(ftyp()[:0]))


def test_sound_and_pictures_in_one_body_are_refused_with_what_to_do() -> None:
    payload = bytes(moov(video_init()))
    trak = payload.index(b"trak") - 4
    size = struct.unpack_from(">I", payload, trak)[0]
    muxed = payload[:trak] + payload[trak : trak + size] * 2 + payload[trak + size :]
    with pytest.raises(CmafRefused, match="2 tracks in one body refused: push each one to an address of its own"):
        read_init(memoryview(muxed))
