"""Edge: one decoded picture in, one picture per rung out: scaled once each, letterboxed where the shape differs."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from transcoder.ladder import Rung


class Scaler:
    """A filter graph that is built again when the source's geometry changes; the encoders never notice."""

    def __init__(self, rungs: Sequence[Rung]) -> None:
        self._rungs = rungs
        self._shape: tuple[object, ...] = ()
        self._source: FilterContext | None = None
        self._sinks: list[FilterContext] = []
        self._graph: Graph | None = None

    def scale(self, picture: VideoFrame) -> list[VideoFrame]:
        """A picture of each rung's size, best first. They are new objects: each may go to a thread of its own."""
        shape = (picture.width, picture.height, picture.format.name, picture.color_range, picture.colorspace)
        if shape != self._shape:
            self._build(picture)
            self._shape = shape
        assert self._source is not None
        self._source.push(picture)
        pictures = []
        for sink in self._sinks:
            scaled = sink.pull()
            assert isinstance(scaled, VideoFrame)
            pictures.append(scaled)
        return pictures

    def _build(self, picture: VideoFrame) -> None:
        graph = Graph()
        graph.threads = 1
        self._graph = graph
        self._source = graph.add_buffer(
            width=picture.width, height=picture.height, format=picture.format, time_base=Fraction(1, 1_000_000_000)
        )
        split = graph.add("split", str(len(self._rungs)))
        self._source.link_to(split)
        self._sinks = [self._branch(graph, split, number, rung) for number, rung in enumerate(self._rungs)]
        graph.configure()

    @staticmethod
    def _branch(graph: Graph, split: FilterContext, number: int, rung: Rung) -> FilterContext:
        size = f"{rung.width}:{rung.height}"
        fit = f"{size}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic:out_range=tv"
        chain = [
            graph.add("scale", fit),
            graph.add("pad", f"{size}:(ow-iw)/2:(oh-ih)/2"),
            graph.add("setsar", "1"),
            graph.add("format", "yuv420p"),
            graph.add("buffersink"),
        ]
        split.link_to(chain[0], number)
        for before, after in pairwise(chain):
            before.link_to(after)
        return chain[-1]
