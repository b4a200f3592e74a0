"""Pure: a segment that is in the store though its journal does not tell of it: what its bytes say.

A crash between the two writes leaves such segments, and so does one while many wait for a store that is away.
"""

from dataclasses import replace

from origin.cmaf_reader import ChunkSeen, CmafReader
from origin.errors import CmafRefused
from origin.journal import SegmentStored
from origin.recovery import Past
from origin.session import HOLE_S


def read_found(past: Past, before: SegmentStored, init: bytes, data: bytes) -> SegmentStored | None:
    """The record that the journal lacks, but for its I-frame; None if it is torn, or does not continue the one before.

    Args:
        past: the journal.
        before: the segment with the number before.
        init: its init section.
        data: the bytes of the segment that was found.
    """
    reader = CmafReader()
    try:
        chunks = [event.chunk for event in reader.feed(init + data) if isinstance(event, ChunkSeen)]
        reader.finish()
    except CmafRefused:
        return None
    if not chunks or before.gap or before.msn + 1 in past.breaks:
        return None
    hole_ticks = chunks[0].start_ticks - before.start_ticks - before.duration_ticks
    if abs(hole_ticks) > HOLE_S * past.inits[before.rendition, before.init].track.timescale:
        return None
    capture_ns = chunks[0].capture_ns
    return replace(
        before,
        msn=before.msn + 1,
        start_ticks=chunks[0].start_ticks,
        duration_ticks=sum(chunk.duration_ticks for chunk in chunks),
        program_ns=past.instant_behind(before) if capture_ns is None else capture_ns,
        discontinuity=False,
        next_part=before.next_part + len(chunks),
        size_bytes=len(data),
        iframe_bytes=0,
    )
