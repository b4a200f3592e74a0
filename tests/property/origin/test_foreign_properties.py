"""Whatever fragments an encoder sends, they are refused or keep what the playlists promise."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from infra.ids import RenditionName
from origin.cmaf_reader import BoundarySeen, ChunkSeen, Event, InitSeen
from origin.errors import CmafRefused
from origin.foreign import MIN_PART_SHARE, ForeignSession
from origin.model import Chunk
from support.origin_media import START_NS, VIDEO, targets

FRAME = 3000
FRAGMENTS = st.lists(st.tuples(st.integers(1, 11), st.booleans(), st.sampled_from([0, 0, 0, 0, 5, 20])), max_size=60)


@given(FRAGMENTS, st.integers(0, 10_000))
def test_parts_and_segments_keep_their_promises(fragments: list[tuple[int, bool, int]], first: int) -> None:
    rendition = ForeignSession(targets(), Fraction(2), START_NS).rendition(RenditionName("720p"))
    rendition.begin()
    sent: list[Event] = [InitSeen(b"", VIDEO)]
    at = first
    for frames, key, hole in fragments:
        at += hole
        sent.append(ChunkSeen(Chunk(bytes(4), at * FRAME, frames * FRAME, frames, key, None, leads=key)))
        at += frames
    made: list[Event] = []
    try:
        made += [event for each in sent for event in rendition.arrange([each], START_NS)]
        made += rendition.finish()
    except CmafRefused:
        return
    parts = [event.chunk for event in made if isinstance(event, ChunkSeen)]
    target_ticks = targets().part_target_s * VIDEO.timescale
    assert all(part.duration_ticks <= target_ticks for part in parts)
    for before, after in pairwise([*made[1:], BoundarySeen(last=False)]):
        if isinstance(before, BoundarySeen):
            assert isinstance(after, ChunkSeen)
            assert after.chunk.leads, "a segment begins with a key frame"
        elif isinstance(before, ChunkSeen) and isinstance(after, ChunkSeen):
            long_enough = before.chunk.duration_ticks >= MIN_PART_SHARE * target_ticks
            assert long_enough or before.chunk.independent
            assert (before.chunk.capture_ns or 0) <= (after.chunk.capture_ns or 0)
    kept = sum(part.samples for part in parts)
    leading = next((number for number, (_, key, _) in enumerate(fragments) if key), len(fragments))
    assert kept <= sum(frames for frames, _, _ in fragments[leading:])
