"""Whatever was lost, late or broken: a recording's lists stay side by side, and its file and tiles follow them."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import m3u8
from hypothesis import given
from hypothesis import strategies as st

from infra.ids import RenditionName
from origin.journal import BreakPlanned, Record, SegmentStored
from origin.model import NS_PER_S
from origin.mp4_plan import plan_mp4
from origin.multivariant_rules import judge_multivariant
from origin.recording import KeptSegment, Recording
from origin.thumbnails import choose_tiles
from origin.vod_playlists import vod_index, vod_playlist
from support.hls_strict import check
from support.journal_records import init, read, segment
from support.origin_media import AUDIO, HD, SD, SOUND

NAMES = (HD, SD, SOUND)
DURATIONS_S = st.sampled_from([Fraction(2), Fraction(2, 3), Fraction(21, 10), Fraction(1)])


@st.composite
def journals(draw: st.DrawFn) -> tuple[list[Record], frozenset[tuple[str, str]]]:
    """Records of three renditions, some of them missing, and files that the store lost."""
    length = draw(st.integers(1, 12))
    breaks = draw(st.sets(st.integers(0, length), max_size=3))
    records: list[Record] = [BreakPlanned(msn) for msn in sorted(breaks)]
    lost: set[tuple[str, str]] = set()
    for name in NAMES:
        timescale = 48_000 if name == SOUND else 90_000
        inits = draw(st.integers(1, 3))
        records += [init(name, number, AUDIO) if name == SOUND else init(name, number) for number in range(inits)]
        first = draw(st.integers(0, length - 1))
        for msn in range(first, length):
            made = _made(draw, name, msn, timescale, inits)
            fate = draw(st.sampled_from(["kept"] * 6 + ["never", "lost"]))
            if fate != "never":
                records.append(made)
            if fate == "lost":
                lost.add((name, f"s{msn}.m4s"))
    order = draw(st.permutations(records))
    return list(order), frozenset(lost)


def _made(draw: st.DrawFn, name: RenditionName, msn: int, timescale: int, inits: int) -> SegmentStored:
    size_bytes = draw(st.sampled_from([0, 1, 30_000, 600_000]))
    number = min(inits - 1, msn // 4)
    made = segment(name, msn, size_bytes, number=number, duration_s=draw(DURATIONS_S), timescale=timescale)
    late_ns = draw(st.integers(-NS_PER_S // 20, NS_PER_S // 20))
    start_ticks = draw(st.sampled_from([made.start_ticks, 0]))
    return replace(made, program_ns=made.program_ns + late_ns, start_ticks=start_ticks)


@given(journals())
def test_all_lists_have_the_same_numbers_discontinuities_and_promises(
    journal: tuple[list[Record], frozenset[tuple[str, str]]],
) -> None:
    recording = read(*journal[0], lost=journal[1])
    lists = [each.segments for each in recording.renditions]
    for segments in lists:
        assert [each.msn for each in segments] == [each.msn for each in lists[0]]
        assert [each.discontinuity for each in segments] == [each.discontinuity for each in lists[0]]
        assert all(
            after.msn == before.msn + 1 or (after.msn > before.msn and after.discontinuity)
            for before, after in pairwise(segments)
        )
        assert not segments[0].discontinuity
        assert any(not each.gap for each in segments)
        assert max(round(each.duration_s) for each in segments) <= recording.target_duration_s
    assert all(any(not each.gap for each in place) for place in zip(*lists, strict=True))
    for rendition in recording.renditions:
        assert rendition.peak_bps >= rendition.average_bps >= 1


@given(journals())
def test_strict_readers_accept_every_list(journal: tuple[list[Record], frozenset[tuple[str, str]]]) -> None:
    recording = read(*journal[0], lost=journal[1])
    if not recording.renditions:
        return
    assert judge_multivariant(vod_index(recording)) == []
    for rendition in recording.renditions:
        text = vod_playlist(recording, rendition)
        assert check(text) == []
        listed = m3u8.loads(text).segments
        assert [f"s{each.msn}.m4s" for each in rendition.segments] == [each.uri for each in listed]
        assert abs(sum(each.duration or 0 for each in listed) - float(sum_s(rendition.segments))) < 1e-3


def sum_s(segments: Sequence[KeptSegment]) -> Fraction:
    return sum((each.duration_s for each in segments), Fraction(0))


@given(journals())
def test_the_file_holds_its_media_in_order_without_overlap(
    journal: tuple[list[Record], frozenset[tuple[str, str]]],
) -> None:
    recording = read(*journal[0], lost=journal[1])
    plan = plan_mp4(recording)
    assert (plan is None) == (not recording.renditions)
    if plan is None:
        return
    assert plan.start_s + plan.duration_s <= longest_s(recording)
    begins = []
    for track in plan.tracks:
        timescale = track.rendition.tracks[track.init].timescale
        free_s = Fraction(0)
        for stretch in track.stretches:
            begin = stretch.shift_s + Fraction(stretch.segments[0].start_ticks, timescale)
            assert begin >= free_s
            begins.append(begin)
            last = stretch.segments[-1]
            free_s = stretch.shift_s + Fraction(last.start_ticks, timescale) + last.duration_s
            assert {each.init for each in stretch.segments} == {track.init}
            assert not any(each.gap for each in stretch.segments)
    assert min(begins) == 0


def longest_s(recording: Recording) -> Fraction:
    return max(sum_s(each.segments) for each in recording.renditions)


@given(journals(), st.integers(1, 5))
def test_tiles_cover_all_of_the_time_once(
    journal: tuple[list[Record], frozenset[tuple[str, str]]], max_tiles: int
) -> None:
    for rendition in read(*journal[0], lost=journal[1]).renditions:
        tiles = choose_tiles(rendition, max_tiles)
        assert 1 <= len(tiles) <= max_tiles
        assert tiles[0].start_s == 0
        assert tiles[-1].end_s == sum_s(rendition.segments)
        assert all(before.end_s == after.start_s for before, after in pairwise(tiles))
