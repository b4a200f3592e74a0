"""Edge: one live session at work: what comes in changes it, who waits for that is answered, files go to the store.

A change and the answers to all who wait for it happen in one go on the event loop, so that a playlist that was read
never contradicts one that was read later. Each version of a playlist is written once, compressed once, and shared.
"""

import asyncio
import gzip
from collections.abc import Callable, Iterable

from infra.ids import RenditionName, SessionId, StreamName
from origin import metrics, session
from origin.cmaf_reader import Event
from origin.directives import Directives
from origin.errors import ResourceGone, StreamUnknown
from origin.media_playlist import media_playlist
from origin.model import Kind
from origin.multivariant import multivariant_playlist
from origin.recorder import Recorder
from origin.rendition import Rendition
from origin.waiting import WaitingRoom

_GZIP_LEVEL = 5  # 4 KB of playlist in about 0.1 ms
_RETRY_AFTER_S = 1


class Text:
    """One version of a playlist as bytes; compressed when first asked for."""

    __slots__ = ("_compressed", "plain")

    def __init__(self, text: str) -> None:
        self.plain = text.encode()
        self._compressed: bytes | None = None

    @property
    def compressed(self) -> bytes:
        """The same in gzip."""
        if self._compressed is None:
            self._compressed = gzip.compress(self.plain, _GZIP_LEVEL, mtime=0)
        return self._compressed


class LiveSession:
    """A session, its cached playlists, and the requests that wait for it.

    Args:
        stream: its name.
        session_id: its id.
        core: the pure session.
        room: where requests wait.
        recorder: keeps what is final.
        on_end: called once, when the session has ended.
    """

    def __init__(  # the seams of a session: who it is, what it does, where it reports to
        self,
        stream: StreamName,
        session_id: SessionId,
        core: session.Session,
        room: WaitingRoom,
        recorder: Recorder,
        on_end: Callable[["LiveSession"], None],
    ) -> None:
        self.stream = stream
        self.session_id = session_id
        self.core = core
        self._room = room
        self.recorder = recorder
        self._on_end = on_end
        self._texts: dict[RenditionName | None, Text] = {}  # None: the multivariant playlist
        self._wait_index: set[asyncio.Future[Text]] = set()
        self._wait_playlist: dict[RenditionName, dict[asyncio.Future[Text], Directives | None]] = {}
        self._wait_part: dict[tuple[RenditionName, int], set[asyncio.Future[bytes]]] = {}

    # What comes in

    def attach(self, name: RenditionName) -> None:
        """See `origin.session.Session.attach`."""
        self.core.attach(name)

    def take(self, name: RenditionName, events: Iterable[Event], now_ns: int) -> None:
        """See `origin.session.Session.take`; those who wait are answered after the last event.

        So the last part of a segment and the end of that segment, which come together, are one version of the playlist.
        """
        try:
            for event in events:
                self.core.take(name, event, now_ns)
        finally:
            self._perform()

    def detach(self, name: RenditionName, *, clean: bool) -> None:
        """See `origin.session.Session.detach`."""
        self.core.detach(name, clean=clean)
        self._perform()

    def end(self) -> None:
        """See `origin.session.Session.end`."""
        self.core.end()
        self._perform()

    def _perform(self) -> None:
        """Do what the session wants done, then answer those for whom something changed."""
        changed: dict[RenditionName, None] = {}
        ended = False
        for action in self.core.drain():
            match action:
                case session.Store(name, item):
                    self.recorder.keep(self.core.renditions[name], item)
                case session.Wake(name):
                    changed[name] = None
                case session.Broken(msn):
                    metrics.DISCONTINUITIES.labels(self.stream).inc()
                    self.recorder.plan_break(msn)
                case session.End():
                    ended = True
        if not changed and not ended:
            return
        self._texts.clear()
        for name in self.core.renditions if ended else changed:
            self._answer_playlists(self.core.renditions[name])
            self._answer_parts(self.core.renditions[name])
        self._answer_index()
        if ended:
            self._on_end(self)

    # Who is answered

    def _answer_playlists(self, rendition: Rendition) -> None:
        waiting = self._wait_playlist.get(rendition.name, {})
        for answer, directives in waiting.items():
            if answer.done():
                continue
            if self._satisfied(rendition, directives):
                answer.set_result(self._text(rendition))
            elif self.core.ended:
                answer.set_exception(self._gone(rendition.name, "playlist"))

    def _answer_parts(self, rendition: Rendition) -> None:
        for (name, number), waiting in self._wait_part.items():
            if name != rendition.name:
                continue
            data = rendition.window.part(number) if rendition.window else None
            for answer in waiting:
                if answer.done():
                    continue
                if data is not None:
                    answer.set_result(data)
                elif self.core.ended:
                    answer.set_exception(self._gone(name, f"part {number}"))

    def _answer_index(self) -> None:
        for answer in self._wait_index:
            if answer.done():
                continue
            if self.core.playable:
                answer.set_result(self._index_text())
            elif self.core.ended:
                answer.set_exception(self._not_playable())

    # What is asked

    async def index(self, hold_s: float) -> Text:
        """The multivariant playlist, as soon as every rendition has something to play.

        Raises:
            StreamUnknown: the session ended before that.
            HeldTooLong: that takes longer than ``hold_s``.
        """
        if self.core.playable:
            return self._index_text()
        if self.core.ended:
            raise self._not_playable()
        self._room.admit()
        answer: asyncio.Future[Text] = asyncio.get_running_loop().create_future()
        self._wait_index.add(answer)
        try:
            return await self._room.wait(answer, hold_s)
        finally:
            self._wait_index.discard(answer)

    async def playlist(self, name: RenditionName, directives: Directives | None) -> Text:
        """A media playlist that holds what the directives ask for, or, without any, a whole segment.

        Players refuse a list without a whole segment, and ask for nothing else until they have one.

        Raises:
            ResourceGone: there is no such rendition, or it ended empty.
            DirectiveRefused: the request asks too far ahead.
            HeldTooLong: it did not come true within three target durations (rfc8216bis 6.2.5.2).
        """
        rendition = self._rendition(name)
        if directives is not None and rendition.window is not None:
            rendition.window.admits(directives)
        if self._satisfied(rendition, directives):
            return self._text(rendition)
        if self.core.ended:
            raise self._gone(name, "playlist")
        self._room.admit()
        answer: asyncio.Future[Text] = asyncio.get_running_loop().create_future()
        waiting = self._wait_playlist.setdefault(name, {})
        waiting[answer] = directives
        try:
            return await self._room.wait(answer)
        finally:
            del waiting[answer]

    async def part(self, name: RenditionName, number: int) -> tuple[bytes, Kind]:
        """A part; the hinted one is waited for.

        Raises:
            ResourceGone: it is too old, was never hinted, or the session ended before it came.
            HeldTooLong: it did not come within three target durations.
        """
        rendition = self._rendition(name)
        data = rendition.window.part(number) if rendition.window else None
        if data is None:
            hinted = rendition.window is not None and number == rendition.window.next_part and not self.core.ended
            if not hinted:
                raise self._gone(name, f"part {number}")
            data = await self._hinted(name, number)
        return data, self._kind(rendition)

    async def _hinted(self, name: RenditionName, number: int) -> bytes:
        """The part that was hinted, when it is whole."""
        self._room.admit()
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        waiting = self._wait_part.setdefault((name, number), set())
        waiting.add(answer)
        try:
            return await self._room.wait(answer)
        finally:
            waiting.discard(answer)
            if not waiting:
                self._wait_part.pop((name, number), None)

    async def segment(self, name: RenditionName, msn: int) -> tuple[bytes, Kind]:
        """A finished segment, from memory or from the store.

        Raises:
            ResourceGone: it is a gap, not finished, too old, or never was.
            HeldTooLong, OriginFull: the store does not keep up.
        """
        rendition = self._rendition(name)
        segment = rendition.window.segment(msn) if rendition.window else None
        if segment is None:
            raise self._gone(name, f"segment {msn}")
        data = await self.recorder.read(rendition, segment) if segment.stored_bytes else segment.data
        return data, self._kind(rendition)

    def init(self, name: RenditionName, number: int) -> tuple[bytes, Kind]:
        """An init section.

        Raises:
            ResourceGone: no segment needs it any more, or it never was.
        """
        rendition = self._rendition(name)
        init = rendition.find_init(number)
        if init is None:
            raise self._gone(name, f"init section {number}")
        return init.data, self._kind(rendition)

    def _satisfied(self, rendition: Rendition, directives: Directives | None) -> bool:
        window = rendition.window
        if window is None:
            return False
        if directives is None:
            return bool(window.segments) or window.ended
        return window.satisfied(directives)

    def _rendition(self, name: RenditionName) -> Rendition:
        try:
            return self.core.renditions[name]
        except KeyError:
            raise self._gone(name, "rendition") from None

    def _gone(self, name: RenditionName, what: str) -> ResourceGone:
        return ResourceGone(f"{what} of {self.stream}/{self.session_id}/{name} is not there")

    def _not_playable(self) -> StreamUnknown:
        return StreamUnknown(f"stream {self.stream} ended before anything could be played", _RETRY_AFTER_S)

    @staticmethod
    def _kind(rendition: Rendition) -> Kind:
        return rendition.track.kind if rendition.track else Kind.VIDEO

    def _text(self, rendition: Rendition) -> Text:
        if rendition.name not in self._texts:
            others = [other for other in self.core.playable_renditions() if other is not rendition]
            self._texts[rendition.name] = self._written(media_playlist(rendition, others))
        return self._texts[rendition.name]

    def _index_text(self) -> Text:
        if None not in self._texts:
            written = multivariant_playlist(self.session_id, self.core.playable_renditions())
            self._texts[None] = self._written(written)
        return self._texts[None]

    @staticmethod
    def _written(text: str) -> Text:
        metrics.RENDERED.inc()
        return Text(text)
