"""A session's journal and media become a recording, on every kind of store; independent readers judge it."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import av
import m3u8
import numpy as np
import pytest

from infra.clock import SystemClock
from infra.ids import RenditionName, SessionId, StreamName
from origin import after
from origin.errors import JournalOpen
from origin.multivariant_rules import judge_multivariant
from origin.names import entry_key, journal_key, mark_key, recording_key, session_prefix
from origin.recording_entry import parse_entry
from origin.storage.contract import ObjectStore
from origin.storage.filesystem import FolderStore
from origin.storage.memory import MemoryStore
from support.cmaf_pusher import START_NS, real_audio, real_video
from support.hls_strict import check
from support.kept_session import CAT, HD, S1, SOUND, KeptSession, keys_of, real_session

SD = RenditionName("360p")
FRAMES_PER_S = 30
LATER_NS = 60_000_000_000


@pytest.fixture(params=["memory", "folder"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    made: ObjectStore = MemoryStore(SystemClock()) if request.param == "memory" else FolderStore(tmp_path / "media")
    yield made
    await made.close()


async def tree(store: ObjectStore) -> dict[str, bytes]:
    """All objects of the session, by path."""
    prefix = session_prefix(CAT, S1)
    return {key.removeprefix(prefix): await store.get(key) for key in await keys_of(store, prefix)}


def frames(data: bytes) -> tuple[list[float], list[float]]:
    """When pictures and sounds of a file begin, in seconds; what cannot be decoded raises."""
    found = []
    for kind in ("video", "audio"):
        with av.open(io.BytesIO(data), "r") as container:
            streams = [stream for stream in container.streams if stream.type == kind]
            decoded = container.decode(streams) if streams else ()
            found.append([float(frame.time or 0) for frame in decoded if isinstance(frame, av.frame.Frame)])
    return found[0], found[1]


async def test_a_session_becomes_a_tree_that_others_can_read(store: ObjectStore, tmp_path: Path) -> None:
    await real_session(12).store_in(store)
    entry = await after.make(store, CAT, S1, tmp_path)
    assert entry is not None
    files = await tree(store)
    assert set(entry.files) == {
        *("index.m3u8", "720p/index.m3u8", "720p/iframes.m3u8", "audio/index.m3u8", "recording.mp4"),
        *("poster.jpg", "thumbnails.vtt", "thumbnails-0.jpg"),
    }
    for path, kept in entry.files.items():
        assert kept.size_bytes == len(files[path])
    for path in (path for path in entry.files if path.endswith(".m3u8")):
        assert check(files[path].decode()) == []
    assert judge_multivariant(files["index.m3u8"].decode()) == []
    assert entry.duration_ms == 12_000
    assert entry.mp4 is not None
    assert entry.mp4.whole
    video, audio = frames(files["recording.mp4"])
    assert len(video) == 12 * FRAMES_PER_S
    assert video == pytest.approx([number / FRAMES_PER_S for number in range(len(video))], abs=1e-3)
    assert audio == pytest.approx([number * 1024 / 48_000 for number in range(len(audio))], abs=1e-3)
    assert files["recording.mp4"].index(b"moov") < files["recording.mp4"].index(b"mdat")
    assert parse_entry(await store.get(entry_key(CAT, S1))) == entry


async def test_bit_rates_are_within_a_tenth_of_what_is_measured(store: ObjectStore, tmp_path: Path) -> None:
    await real_session(12).store_in(store)
    await after.make(store, CAT, S1, tmp_path)
    files = await tree(store)
    (variant,) = m3u8.loads(files["index.m3u8"].decode()).playlists
    peak_bps = average_bps = 0.0
    for name in ("720p", "audio"):
        listed = m3u8.loads(files[f"{name}/index.m3u8"].decode()).segments
        sizes = [(len(files[f"{name}/{each.uri}"]) * 8, each.duration or 0) for each in listed]
        peak_bps += max(bits / seconds for bits, seconds in sizes)
        average_bps += sum(bits for bits, _ in sizes) / sum(seconds for _, seconds in sizes)
    assert variant.stream_info.bandwidth == pytest.approx(peak_bps, rel=0.01)
    assert variant.stream_info.average_bandwidth == pytest.approx(average_bps, rel=0.01)


async def test_a_second_run_makes_the_same_tree(store: ObjectStore, tmp_path: Path) -> None:
    await real_session(8).store_in(store)
    first_entry = await after.make(store, CAT, S1, tmp_path)
    first = await tree(store)
    assert await after.make(store, CAT, S1, tmp_path) == first_entry
    assert await tree(store) == first
    assert list(tmp_path.glob("*.mp4")) == []


async def test_thumbnails_show_the_picture_of_their_time(store: ObjectStore, tmp_path: Path) -> None:
    await real_session(8).store_in(store)
    await after.make(store, CAT, S1, tmp_path)
    files = await tree(store)
    cues = files["thumbnails.vtt"].decode().split("\n\n")[1:]
    assert len(cues) == 4
    with av.open(io.BytesIO(files["thumbnails-0.jpg"]), "r") as container:
        sheet = next(container.decode(video=0)).to_ndarray(format="gray")
    assert sheet.shape == (90, 4 * 160)
    shown = []
    for number, cue in enumerate(cues):
        left, top, width, height = map(int, cue.partition("#xywh=")[2].strip().split(","))
        shown.append(np.mean(sheet[top : top + height, left : left + width]))
        segment = files["720p/init-0.mp4"] + files[f"720p/s{number}.m4s"]
        with av.open(io.BytesIO(segment), "r") as container:
            picture = next(container.decode(video=0)).reformat(160, 90, "rgb24").reformat(format="gray")
        assert shown[-1] == pytest.approx(np.mean(picture.to_ndarray()), abs=6)
    assert len(set(shown)) == 4


async def test_a_publisher_that_was_away_is_one_file_with_picture_and_sound_together(
    store: ObjectStore, tmp_path: Path
) -> None:
    kept = real_session(8, ended=False)
    for name, source in ((HD, real_video(8)), (SOUND, real_audio(8))):
        source.base_ticks, source.start_ns = 0, START_NS + LATER_NS  # another clock, a minute later
        kept.keep(name, source, first_msn=4, broken=True)
    kept.end()
    await kept.store_in(store)
    entry = await after.make(store, CAT, S1, tmp_path)
    assert entry is not None
    assert entry.mp4 is not None
    assert (entry.mp4.whole, entry.duration_ms) == (True, 16_000)
    files = await tree(store)
    video, audio = frames(files["recording.mp4"])
    assert len(video) == 16 * FRAMES_PER_S
    assert video[8 * FRAMES_PER_S] == pytest.approx(8, abs=1e-3)
    again = audio[len(audio) // 2]
    assert 8 <= again == pytest.approx(4 * 6 * 16 * 1024 / 48_000, abs=0.03)
    assert audio == sorted(audio)
    assert files["720p/index.m3u8"].count(b"#EXT-X-DISCONTINUITY\n") == 1
    assert files["720p/index.m3u8"].count(b"#EXT-X-MAP") == 1  # the same init section, stored twice


async def test_other_parameters_on_the_way_make_a_file_of_the_longest_part(store: ObjectStore, tmp_path: Path) -> None:
    kept = KeptSession()
    kept.keep(HD, real_video(4))
    kept.keep(HD, real_video(8, width=640, height=360), first_msn=2, init=1, broken=True)
    kept.end()
    await kept.store_in(store)
    entry = await after.make(store, CAT, S1, tmp_path)
    assert entry is not None
    assert entry.mp4 is not None
    assert (entry.mp4.start_ms, entry.mp4.duration_ms, entry.mp4.whole) == (4000, 8000, False)
    files = await tree(store)
    assert len(frames(files["recording.mp4"])[0]) == 8 * FRAMES_PER_S
    assert b'#EXT-X-MAP:URI="init-1.mp4"' in files["720p/index.m3u8"]


async def test_what_was_lost_is_a_gap_and_a_picture_that_stands(store: ObjectStore, tmp_path: Path) -> None:
    kept = real_session(8)
    kept.lose(HD, 1)
    kept.mark_gap(SOUND, 2)
    await kept.store_in(store)
    await after.make(store, CAT, S1, tmp_path)
    files = await tree(store)
    for name in ("720p", "audio"):
        assert files[f"{name}/index.m3u8"].count(b"#EXT-X-GAP") == 1
        assert check(files[f"{name}/index.m3u8"].decode()) == []
    video, audio = frames(files["recording.mp4"])
    around = video[2 * FRAMES_PER_S - 1], video[2 * FRAMES_PER_S]
    assert around == pytest.approx((2 - 1 / FRAMES_PER_S, 4), abs=1e-3)
    assert len(audio) == 3 * 96


async def test_decode_times_that_go_back_a_little_are_pushed_forward(store: ObjectStore, tmp_path: Path) -> None:
    kept = KeptSession()
    source = real_video(4)
    msn = kept.keep(HD, source)
    source.index, source.base_ticks = 0, source.base_ticks + 4 * 90_000 - 9_000  # a tenth of a second before the end
    kept.keep(HD, source, first_msn=msn)
    kept.end()
    await kept.store_in(store)
    await after.make(store, CAT, S1, tmp_path)
    video, _ = frames(await store.get(recording_key(CAT, S1, "recording.mp4")))
    assert len(video) == 8 * FRAMES_PER_S
    assert video == sorted(video)
    assert video[-1] == pytest.approx(8 - 0.1 - 1 / FRAMES_PER_S, abs=1e-3)


async def test_sound_alone_is_a_recording_without_pictures(store: ObjectStore, tmp_path: Path) -> None:
    kept = KeptSession()
    kept.keep(SOUND, real_audio(8))
    kept.end()
    await kept.store_in(store)
    entry = await after.make(store, CAT, S1, tmp_path)
    assert entry is not None
    assert set(entry.files) == {"index.m3u8", "audio/index.m3u8", "recording.mp4"}
    assert frames(await store.get(recording_key(CAT, S1, "recording.mp4")))[0] == []


async def test_media_that_cannot_be_decoded_is_still_listed(store: ObjectStore, tmp_path: Path) -> None:
    kept = real_session(8)
    for key in list(kept.objects):
        if key.endswith(".m4s"):
            kept.objects[key] = b"damaged" * 1000
    await kept.store_in(store)
    entry = await after.make(store, CAT, S1, tmp_path)
    assert entry is not None
    assert entry.mp4 is None
    assert {path.rpartition(".")[2] for path in entry.files} == {"m3u8"}


async def test_a_thumbnail_that_cannot_be_decoded_leaves_the_one_before(store: ObjectStore, tmp_path: Path) -> None:
    kept = real_session(8)
    kept.objects["cat/s1/720p/i2.m4s"] = b"damaged"
    await kept.store_in(store)
    await after.make(store, CAT, S1, tmp_path)
    with av.open(io.BytesIO(await store.get(recording_key(CAT, S1, "thumbnails-0.jpg"))), "r") as container:
        sheet = next(container.decode(video=0)).to_ndarray(format="gray")
    assert np.median(sheet[:, 320:480]) == np.median(sheet[:, 160:320])


async def test_a_session_of_which_nothing_was_kept_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    await store.put("cat/s2/720p/s0.m4s", b"of another one")
    kept = KeptSession()
    kept.end()
    await kept.store_in(store)
    assert await after.make(store, CAT, S1, tmp_path) is None
    assert await keys_of(store) == ["cat/s2/720p/s0.m4s"]


async def test_of_a_session_that_is_gone_nothing_becomes(store: ObjectStore, tmp_path: Path) -> None:
    assert await after.make(store, CAT, S1, tmp_path) is None
    assert await keys_of(store) == []


@pytest.mark.parametrize("prepared", ["nothing", "open"])
async def test_a_session_that_has_not_ended_is_left_alone(store: ObjectStore, tmp_path: Path, prepared: str) -> None:
    await store.put(mark_key(CAT, S1), b"unfinished")
    if prepared == "open":
        await real_session(4, ended=False).store_in(store)
    before = await tree(store)
    with pytest.raises(JournalOpen):
        await after.make(store, CAT, S1, tmp_path)
    assert await tree(store) == before


async def test_a_torn_page_of_the_journal_is_not_believed(store: ObjectStore, tmp_path: Path) -> None:
    await real_session(8).store_in(store)
    page = await store.get(journal_key(CAT, S1, 1))
    await store.put(journal_key(CAT, S1, 1), page[:-3])
    with pytest.raises(JournalOpen):
        await after.make(store, CAT, S1, tmp_path)


async def test_removing_leaves_nothing_but_what_belongs_to_others(store: ObjectStore, tmp_path: Path) -> None:
    other = KeptSession(stream=StreamName("cat"), session=SessionId("s10"))
    other.keep(SOUND, real_audio(4))
    other.end()
    await other.store_in(store)
    await real_session(4).store_in(store)
    await after.make(store, CAT, S1, tmp_path)
    await after.remove(store, CAT, S1)
    assert await tree(store) == {}
    assert await keys_of(store) == sorted([*other.objects, journal_key(CAT, SessionId("s10"), 0)])
    await after.remove(store, CAT, S1)
