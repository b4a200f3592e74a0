from fractions import Fraction

from origin.iframes import Picture
from origin.model import NS_PER_S, Chunk, Part, Segment
from origin.rendition import Rendition
from origin.window import Window
from support.origin_media import AUDIO, HD, INIT, START_NS, VIDEO, chunk, fill, targets


def test_the_same_init_section_again_is_not_a_new_one() -> None:
    rendition = Rendition(HD, 2)
    first = rendition.take_init(b"a", VIDEO)
    assert first is not None
    rendition.placing = False
    assert rendition.take_init(b"a", VIDEO) is None
    assert rendition.placing, "but a new timeline begins"
    second = rendition.take_init(b"b", VIDEO)
    assert second is not None
    assert (first.number, second.number) == (0, 1)


def test_init_sections_are_found_while_needed() -> None:
    rendition = Rendition(HD, 2)
    assert rendition.find_init(0) is None
    rendition.take_init(b"a", VIDEO)
    assert rendition.find_init(0) is rendition.init
    rendition.window = Window(targets(), 0, 0)
    fill(rendition.window, 1)
    rendition.take_init(b"b", VIDEO)
    assert rendition.find_init(0) is INIT
    assert rendition.find_init(1) is rendition.init
    assert rendition.find_init(2) is None


def test_rates_before_anything_is_known_are_zero() -> None:
    rendition = Rendition(HD, 2)
    assert (rendition.average_bps, rendition.peak_bps) == (0, 0)
    assert rendition.frame_rate == 0
    assert rendition.track is None
    assert not rendition.playable


def test_rates_are_those_declared_unless_more_is_measured() -> None:
    rendition = Rendition(HD, 2)
    rendition.take_init(b"a", VIDEO)
    rendition.measure(chunk(0, data=b"x" * 10), 90_000)
    assert (rendition.peak_bps, rendition.average_bps) == (2_000_000, 1_900_000)
    rendition.measure(chunk(1, data=b"x" * 1_000_000), 90_000)
    assert rendition.average_bps == round(1_000_010 * 8 / Fraction(2, 3))
    assert rendition.peak_bps == rendition.average_bps


def test_the_peak_is_that_of_the_richest_segment_but_not_of_a_stump() -> None:
    rendition = Rendition(HD, 2)
    stump = Segment(
        0, INIT, (Part(0, 0, 1, independent=True),), 9_000, START_NS, discontinuity=False, data=bytes(1_000_000)
    )
    whole = Segment(
        0, INIT, (Part(0, 0, 1, independent=True),), 180_000, START_NS, discontinuity=False, data=bytes(1_000_000)
    )
    rendition.measure_segment(stump)
    assert rendition.peak_bps == 0
    rendition = Rendition(HD, 2)
    rendition.measure_segment(whole)
    assert rendition.peak_bps == 4_000_000


def test_a_discontinuity_parts_two_runs() -> None:
    rendition = Rendition(HD, 2)
    for discontinuity in (False, True):
        half = Segment(
            0, INIT, (Part(0, 0, 1, independent=True),), 45_000, START_NS, discontinuity, data=bytes(1_000_000)
        )
        rendition.measure_segment(half)
    assert rendition.peak_bps == 0


def test_a_segment_that_is_not_whole_says_nothing_about_the_rate() -> None:
    rendition = Rendition(HD, 2)
    gap = Segment(0, INIT, (), 180_000, START_NS, discontinuity=False, data=bytes(1_000_000))
    rendition.measure_segment(gap)
    assert rendition.peak_bps == 0


def test_pictures_have_a_rate_of_their_own() -> None:
    rendition = Rendition(HD, 2)
    assert rendition.iframe_bps == 0
    given = chunk(0)
    first = Chunk(given.data, 0, 30_000, 10, True, START_NS, Picture(bytes(10_000), 1, 0))
    rendition.measure(first, 90_000)
    rendition.measure(given, 90_000)
    assert rendition.iframe_bps == 40_000, "one in a target duration, until a segment says more"
    whole = Segment(
        0,
        INIT,
        (Part(0, 0, 1, independent=True),),
        180_000,
        START_NS,
        discontinuity=False,
        data=b"",
        iframe=bytes(20_000),
    )
    rendition.measure_segment(whole)
    assert rendition.iframe_bps == 80_000


def test_the_frame_rate_is_that_of_the_first_part_after_an_init_section() -> None:
    rendition = Rendition(HD, 2)
    rendition.measure(chunk(0), 90_000)
    rendition.measure(chunk(1, ticks=1), 90_000)
    assert rendition.frame_rate == 30
    rendition.take_init(b"a", AUDIO)
    assert rendition.frame_rate == 0


def test_the_timeline_goes_on_behind_each_chunk() -> None:
    rendition = Rendition(HD, 2)
    rendition.advance(chunk(0), START_NS, 90_000)
    assert (rendition.end_ticks, rendition.end_ns) == (30_000, START_NS + 333_333_333)


def test_after_a_restart_it_stands_where_it_stood_and_the_next_init_section_is_a_new_one() -> None:
    window = Window(targets(), 3, 0)
    window.add_known(Segment(3, INIT, (), 180_000, START_NS, False, b"", stored_bytes=1_000_000))
    window.add_known(Segment(4, INIT, (), 180_000, START_NS + 2 * NS_PER_S, False, b""))
    made = Rendition(HD, 2, first_init=7)
    made.restore(INIT, window, Fraction(25))
    assert made.playable
    assert made.track == VIDEO
    assert made.frame_rate == 25
    assert (made.average_bps, made.peak_bps) == (4_000_000, 4_000_000)
    assert made.end_ns == START_NS + 4 * NS_PER_S
    new = made.take_init(INIT.data, VIDEO)
    assert new is not None
    assert new.number == 7
    assert made.take_init(INIT.data, VIDEO) is None
