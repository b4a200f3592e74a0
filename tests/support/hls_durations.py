"""Printed durations against the media itself, as FFmpeg reads it."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import av

from origin.listed import Listed

_ROUNDING_S = Fraction(2, 1_000_000)  # of one printed duration


@dataclass(frozen=True)
class Timing:
    """Media time of some bytes, in seconds, as FFmpeg reads them."""

    start_s: Fraction
    duration_s: Fraction


def timing(init: bytes, data: bytes) -> Timing:
    """When the samples of a segment or part start, and how long they last."""
    with av.open(io.BytesIO(init + data), "r") as container:
        packets = [packet for packet in container.demux() if packet.dts is not None]
        base = packets[0].time_base
        first, last = packets[0], packets[-1]
        assert first.dts is not None
        assert last.dts is not None
        return Timing(first.dts * base, (last.dts + (last.duration or 0) - first.dts) * base)


def keyframes(data: bytes) -> int:
    """How many pictures decode from these bytes, all of which must be key frames."""
    with av.open(io.BytesIO(data), "r") as container:
        frames = list(container.decode(video=0))
    assert all(frame.key_frame for frame in frames)
    return len(frames)


def judge_durations(listed: Listed, init: Mapping[str, bytes], media: Mapping[str, bytes]) -> list[str]:
    """Compare printed durations with the bytes, and look for holes between segments (3, 4.4.4.1).

    Args:
        listed: the playlist.
        init: init sections by URI.
        media: the bytes of segments and parts by URI; those that are missing are not looked at.
    """
    complaints = []
    end_s: Fraction | None = None
    for segment in listed.all_segments:
        pieces = [(part.uri, part.duration_s) for part in segment.parts]
        for uri, printed_s in [*pieces, *([(segment.uri, segment.duration_s)] if segment.uri else [])]:
            if uri not in media:
                continue
            real = timing(init[segment.map_uri], media[uri])
            if abs(real.duration_s - printed_s) > _ROUNDING_S:
                complaints.append(f"{uri} lasts {float(real.duration_s)} s, printed {float(printed_s)} s [4.4.4.1]")
            if (
                uri == segment.uri
                and end_s is not None
                and not segment.discontinuity
                and abs(real.start_s - end_s) > _ROUNDING_S
            ):
                complaints.append(
                    f"{uri} starts at {float(real.start_s)} s, the one before ends at {float(end_s)} s [3]"
                )
            if uri == segment.uri:
                end_s = real.start_s + real.duration_s
        if segment.gap or segment.uri not in media:
            end_s = None
    return complaints
