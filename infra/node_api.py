"""Edge: what a node tells of itself: JSON for the pages, metrics, health."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import hdrs, web

from infra.clock import Clock
from infra.errors import BadRequest, NotFound, Unavailable
from infra.http import CORS_HEADERS
from infra.ids import StreamName, parse_stream_name
from infra.metrics import CONTENT_TYPE, VERSION, render_metrics
from infra.profiles import PROFILES
from infra.settings import Settings
from infra.stage_times import NO_STAGE_TIMES, StageTimes
from ingest.ice_servers import IceServer, ice_servers_json
from ingest.snapshot import StreamSnapshot, TrackSnapshot
from origin.snapshot import ForeignStream, RenditionInfo, SessionInfo

_HEADERS = {**CORS_HEADERS, hdrs.CACHE_CONTROL: "no-store"}
_MS_PER_NS = 1e-6
_NS_PER_MS = 1_000_000
_MAX_INSTANT_LETTERS = 24


@dataclass(frozen=True, slots=True)
class NodeView:
    """What the routes ask the node.

    Attributes:
        settings: of the node.
        clock: of the node.
        ice_servers: for the pages.
        streams: every stream there is now, as ingest sees it.
        foreign_streams: those of encoders that push CMAF, which ingest does not see.
        session_of: the HLS side of a stream; None when nothing of it has come yet.
        stage_times_of: when pictures of a stream passed each stage; None if it is not live.
        not_ready: why the node takes no new work; None when it does.
    """

    settings: Settings
    clock: Clock
    ice_servers: Sequence[IceServer]
    streams: Callable[[], Sequence[StreamSnapshot]]
    foreign_streams: Callable[[], Sequence[ForeignStream]]
    session_of: Callable[[StreamName], SessionInfo | None]
    stage_times_of: Callable[[StreamName], StageTimes | None]
    not_ready: Callable[[], str | None]


class NodeApi:
    """The handlers over one node."""

    def __init__(self, node: NodeView) -> None:
        self._node = node

    def routes(self) -> list[web.RouteDef]:
        """``/api/...``, ``/metrics``, ``/healthz``, ``/readyz``."""
        return [
            web.get("/api/streams", self.streams),
            web.get("/api/streams/{stream}", self.stream),
            web.get("/api/streams/{stream}/timeline", self.timeline),
            web.get("/api/time", self.time),
            web.get("/api/config", self.config),
            web.get("/metrics", self.metrics),
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
        ]

    async def streams(self, _request: web.Request) -> web.Response:
        """Every stream there is now."""
        return _json({"streams": self._all()})

    async def stream(self, request: web.Request) -> web.Response:
        """One stream.

        Raises:
            NotFound: it is not live.
        """
        name = parse_stream_name(request.match_info["stream"])
        for described in self._all():
            if described["name"] == name:
                return _json(described)
        raise NotFound(f"stream {name} is not live")

    async def timeline(self, request: web.Request) -> web.Response:
        """When recent pictures of a stream passed each stage of the node, as docs/latency.md describes it.

        With ``?after_ms=`` only those that were captured later, Unix milliseconds. It shows no media, so it is as open
        as `stream`. A stream that is not live has none, which is no error: pages ask until they learn that it is over.

        Raises:
            BadRequest: ``after_ms`` is no number.
        """
        name = parse_stream_name(request.match_info["stream"])
        after_ns = _instant(request.query.get("after_ms", "0"))
        times = self._node.stage_times_of(name)
        now_ms = round(self._node.clock.now_ns() * _MS_PER_NS, 3)
        trip_ms = next((stream.round_trip_ms for stream in self._node.streams() if stream.name == name), None)
        known = {"stream": name, "now_ms": now_ms, "publisher_round_trip_ms": trip_ms}
        return _json({**known, **(NO_STAGE_TIMES if times is None else times.document(after_ns))})

    async def time(self, _request: web.Request) -> web.Response:
        """The node's clock; pages correct theirs by it."""
        return _json({"now_ms": self._node.clock.now_ns() * _MS_PER_NS})

    async def config(self, _request: web.Request) -> web.Response:
        """What the pages need to know before they start."""
        profile = PROFILES[self._node.settings.profile]
        return _json(
            {
                "profile": self._node.settings.profile.value,
                "part_target_s": round(float(profile.part_target_s), 5),
                "part_hold_back_s": round(float(profile.part_hold_back_s), 5),
                "target_duration_s": profile.target_duration_s,
                "ice_servers": ice_servers_json(self._node.ice_servers),
                "version": VERSION,
            }
        )

    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus metrics."""
        return web.Response(body=await render_metrics(), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE})

    async def healthz(self, _request: web.Request) -> web.Response:
        """The event loop answers: alive."""
        return web.Response(text="alive\n", headers=_HEADERS)

    async def readyz(self, _request: web.Request) -> web.Response:
        """Whether new publishers and viewers may be sent here.

        Raises:
            Unavailable: they may not; says why.
        """
        why = self._node.not_ready()
        if why is not None:
            raise Unavailable(why)
        return web.Response(text="ready\n", headers=_HEADERS)

    def _all(self) -> list[dict[str, Any]]:
        ours = [self._describe(stream) for stream in self._node.streams()]
        return ours + [self._describe_foreign(stream) for stream in self._node.foreign_streams()]

    def _describe_foreign(self, stream: ForeignStream) -> dict[str, Any]:
        """What an encoder pushes, in the words of a stream that was published over WebRTC; it has no WHEP."""
        hls = self._node.session_of(stream.name)
        renditions = () if hls is None else hls.renditions
        tracks = tuple(
            TrackSnapshot(each.kind.value, "CMAF", each.width or None, each.height or None, None, each.bandwidth_bps)
            for each in renditions
        )
        state = "live" if renditions else "starting"
        started_ms = stream.opened_ns // _NS_PER_MS
        snapshot = StreamSnapshot(stream.name, stream.session, state, started_ms, viewers=0, tracks=tracks)
        return {**self._describe(snapshot), "whep": None}

    def _describe(self, stream: StreamSnapshot) -> dict[str, Any]:
        hls = self._node.session_of(stream.name)
        renditions = () if hls is None else hls.renditions
        playable = hls is not None and hls.playable and hls.session == stream.session
        return {
            **asdict(stream),
            "renditions": [_rendition(each) for each in renditions],
            "hls": f"/live/{stream.name}/index.m3u8" if playable else None,
            "whep": f"/whep/{stream.name}",
        }


def _instant(text: str) -> int:
    """Nanoseconds of a parameter in milliseconds."""
    if not text.replace(".", "", 1).isdecimal() or len(text) > _MAX_INSTANT_LETTERS:
        raise BadRequest(f"after_ms {text[:40]!r} refused: it must be Unix time in milliseconds")
    return round(float(text) * _NS_PER_MS)


def _rendition(rendition: RenditionInfo) -> dict[str, Any]:
    """Sizes are null for audio."""
    return {**asdict(rendition), "width": rendition.width or None, "height": rendition.height or None}


def _json(document: dict[str, Any]) -> web.Response:
    return web.json_response(document, headers=_HEADERS)
