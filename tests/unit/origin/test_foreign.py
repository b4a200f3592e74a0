from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import pytest

from infra.ids import RenditionName
from origin.cmaf_reader import BoundarySeen, ChunkSeen, Event, InitSeen
from origin.errors import CmafRefused
from origin.foreign import PLAUSIBLE_NS, ForeignRendition, ForeignSession
from origin.model import NS_PER_S, Chunk
from support.origin_media import AUDIO, START_NS, VIDEO, targets

FRAME = 3000  # ticks of 90 kHz
SEGMENT_S = Fraction(2)
INIT, SOUND_INIT = InitSeen(b"init", VIDEO), InitSeen(b"sound", AUDIO)


def session() -> ForeignSession:
    return ForeignSession(targets(), SEGMENT_S, START_NS)


def picture(name: str = "720p", of: ForeignSession | None = None) -> ForeignRendition:
    """A rendition that waits for its first body."""
    made = (of or session()).rendition(RenditionName(name))
    made.begin()
    return made


def fragment(start: int, frames: int = 10, *, key: bool = False, capture_ns: int | None = None) -> ChunkSeen:
    """A fragment of so many frames at 30 fps from a decode time in frames."""
    data = f"{start}+{frames};".encode()
    return ChunkSeen(Chunk(data, start * FRAME, frames * FRAME, frames, key, capture_ns, leads=key))


def sound(start: int, frames: int = 15) -> ChunkSeen:
    """A fragment of so many AAC frames."""
    return ChunkSeen(Chunk(b"aac", start * 1024, frames * 1024, frames, independent=True, capture_ns=None, leads=True))


def feed(rendition: ForeignRendition, *events: Event, now_ns: int = START_NS) -> list[Event]:
    return list(rendition.arrange(events, now_ns))


def parts(events: Iterable[Event]) -> list[Chunk]:
    return [event.chunk for event in events if isinstance(event, ChunkSeen)]


def second(number: int) -> list[Event]:
    """Six fragments of a third of a second, the first with a key frame."""
    return [fragment(number * 60 + 10 * index, key=index == 0) for index in range(6)]


def test_fragments_as_long_as_parts_pass_with_an_instant_and_segments_every_two_seconds() -> None:
    made = feed(picture(), INIT, *second(0), *second(1))
    assert [type(event).__name__ for event in made] == [
        "InitSeen",
        *(["BoundarySeen", *["ChunkSeen"] * 6] * 2),
    ]
    first, *_, last = parts(made)
    assert first.capture_ns == START_NS - NS_PER_S // 3, "the first one has just come"
    assert last.capture_ns == first.capture_ns + last.start_ticks * NS_PER_S // 90_000


def test_fragments_of_a_frame_are_joined_into_parts() -> None:
    frames: list[Event] = [fragment(number, 1, key=number % 60 == 0) for number in range(60)]
    made = feed(picture(), INIT, *frames)
    assert [(part.duration_ticks, part.samples) for part in parts(made)] == [(9 * FRAME, 9)] * 6
    assert parts(made)[1].data == b"".join(f"{number}+1;".encode() for number in range(9, 18))
    assert [part.independent for part in parts(made)] == [True] + [False] * 5


def test_the_last_part_of_a_segment_may_be_short() -> None:
    eight = [fragment(8 * index, 8, key=index == 0) for index in range(7)]
    with pytest.raises(CmafRefused):  # 8 frames of 30 fps are 0.267 s
        feed(picture(), INIT, *eight)
    made = feed(picture(), INIT, *[fragment(9 * n, 9, key=n == 0) for n in range(6)], fragment(54, 6), *second(1))
    assert [part.samples for part in parts(made)][5:8] == [9, 6, 10]
    boundaries = [index for index, event in enumerate(made) if isinstance(event, BoundarySeen)]
    assert boundaries == [1, 9]


def test_a_short_part_with_a_key_frame_may_stand_within_a_segment() -> None:
    made = feed(picture(), INIT, fragment(0, 5, key=True), fragment(5, 10), fragment(15, 10))
    assert [part.samples for part in parts(made)] == [5, 10, 10]


def test_what_is_left_at_the_end_is_a_part() -> None:
    rendition = picture()
    assert parts(feed(rendition, INIT, fragment(0, 3, key=True))) == []
    assert [part.samples for part in parts(rendition.finish())] == [3]
    assert list(rendition.finish()) == []


def test_a_new_init_section_ends_the_part_before_it() -> None:
    other = InitSeen(b"other", VIDEO)
    made = feed(picture(), INIT, fragment(0, 3, key=True), other, fragment(3, 10, key=True))
    assert [type(event).__name__ for event in made[2:]] == ["ChunkSeen", "InitSeen", "BoundarySeen", "ChunkSeen"]


def test_the_last_mark_is_passed_on_and_all_others_are_left_out() -> None:
    made = feed(picture(), INIT, BoundarySeen(last=False), fragment(0, 3, key=True), BoundarySeen(last=True))
    assert made[1] == BoundarySeen(last=False)
    assert [type(event).__name__ for event in made[2:]] == ["ChunkSeen", "BoundarySeen"]
    assert made[-1] == BoundarySeen(last=True)


def test_a_fragment_longer_than_a_part_is_refused_with_the_option_that_helps() -> None:
    with pytest.raises(
        CmafRefused, match=r"0\.367 s refused: a part is at most 0\.341 s; ffmpeg: .*-frag_duration 307"
    ):
        feed(picture(), INIT, fragment(0, 11, key=True))


def test_fragments_that_make_no_part_are_refused() -> None:
    with pytest.raises(CmafRefused, match=r"fragments of 0\.200 s refused: .* part of 0\.290 to 0\.341 s"):
        feed(picture(), INIT, fragment(0, key=True), fragment(10, 6), fragment(16, 6))


def test_video_begins_with_a_key_frame() -> None:
    made = feed(picture(), INIT, fragment(0), fragment(10), *second(1))
    assert parts(made)[0].start_ticks == 60 * FRAME


def test_key_frames_within_a_segment_open_none() -> None:
    made = feed(picture(), INIT, *[fragment(10 * index, key=index % 3 == 0) for index in range(6)])
    assert made.count(BoundarySeen(last=False)) == 1


def test_a_missing_key_frame_is_refused_when_the_segment_can_wait_no_longer() -> None:
    rendition = picture()
    feed(rendition, INIT, *second(0), fragment(60))
    with pytest.raises(CmafRefused, match=r"within 0\.17 s of 2 s, where a segment begins; .*-force_key_frames"):
        feed(rendition, fragment(70))


def test_sound_is_cut_at_the_fragment_next_to_the_multiple() -> None:
    made = feed(picture("audio"), SOUND_INIT, *[sound(15 * index) for index in range(20)])
    starts = [made[index + 1] for index, event in enumerate(made) if isinstance(event, BoundarySeen)]
    assert [round(part.start_ticks / 48_000, 2) for part in parts(starts)] == [0, 1.92, 3.84, 6.08]


def test_renditions_of_one_encoder_share_the_timeline_of_the_first() -> None:
    pushed = session()
    first, late = picture("720p", pushed), picture("audio", pushed)
    (video,) = parts(feed(first, INIT, fragment(0, key=True)))
    (audio,) = parts(feed(late, SOUND_INIT, sound(0), now_ns=START_NS + 2 * NS_PER_S))
    assert audio.capture_ns == video.capture_ns
    assert pushed.rendition(RenditionName("720p")) is first


def test_an_encoder_that_starts_again_from_0_gets_a_new_timeline_which_others_follow() -> None:
    pushed = session()
    renditions = [picture("720p", pushed), picture("360p", pushed)]
    for rendition in renditions:
        feed(rendition, INIT, *second(0))
    now_ns, instants = START_NS + 5 * NS_PER_S, []
    for rendition in renditions:
        rendition.begin()
        (part,) = parts(feed(rendition, INIT, replace_data(fragment(0, key=True)), now_ns=now_ns))
        instants.append(part.capture_ns)
        now_ns += NS_PER_S
    assert instants == [START_NS + 5 * NS_PER_S - NS_PER_S // 3] * 2


def replace_data(seen: ChunkSeen) -> ChunkSeen:
    return ChunkSeen(replace(seen.chunk, data=b"other"))


def test_an_implausible_timeline_is_given_up() -> None:
    pushed = session()
    feed(picture("720p", pushed), INIT, fragment(0, key=True))
    late = START_NS + PLAUSIBLE_NS + NS_PER_S
    (part,) = parts(feed(picture("360p", pushed), INIT, fragment(0, key=True), now_ns=late))
    assert part.capture_ns == late - NS_PER_S // 3


@pytest.mark.parametrize(("told_s", "believed"), [(-1, True), (3600, False), (-3600, False)])
def test_the_encoder_s_clock_is_believed_if_it_is_near_ours(told_s: int, believed: bool) -> None:
    told_ns = START_NS + told_s * NS_PER_S
    (part,) = parts(feed(picture(), INIT, fragment(0, key=True, capture_ns=told_ns)))
    assert (part.capture_ns == told_ns) is believed


def test_the_encoder_s_clock_never_takes_a_rendition_back() -> None:
    rendition = picture()
    feed(rendition, INIT, *second(0))
    rendition.begin()
    told = fragment(0, 9, key=True, capture_ns=START_NS)
    (part,) = parts(feed(rendition, INIT, told, now_ns=START_NS + 4 * NS_PER_S))
    assert part.capture_ns == START_NS + 4 * NS_PER_S - 3 * NS_PER_S // 10


def test_what_is_repeated_byte_for_byte_is_dropped_and_counted() -> None:
    rendition = picture()
    before = parts(feed(rendition, INIT, *second(0)))
    rendition.begin()
    after = parts(feed(rendition, INIT, *second(0), *second(1), now_ns=START_NS + 2 * NS_PER_S))
    assert rendition.repeated == 6
    assert [part.start_ticks for part in after] == [(60 + 10 * index) * FRAME for index in range(6)]
    assert after[0].capture_ns == (before[0].capture_ns or 0) + 2 * NS_PER_S, "the timeline goes on"


def test_behind_a_hole_the_timeline_is_placed_anew_and_begins_with_a_key_frame() -> None:
    rendition = picture()
    feed(rendition, INIT, *second(0), fragment(60, 3, key=True))
    made = feed(rendition, fragment(200), *second(5), now_ns=START_NS + 2 * NS_PER_S)
    assert [type(event).__name__ for event in made[:3]] == ["ChunkSeen", "BoundarySeen", "ChunkSeen"]
    assert parts(made)[1].start_ticks == 300 * FRAME


def test_the_end_of_what_came_is_known() -> None:
    rendition = picture()
    assert rendition.end_ns == 0
    feed(rendition, INIT, *second(0))
    assert rendition.end_ns == START_NS - NS_PER_S // 3 + 2 * NS_PER_S
