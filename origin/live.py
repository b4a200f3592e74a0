"""Edge: one live session at work: what comes in changes it, who waits for that is answered, files go to the store.

A change and the answers to all who wait for it happen in one go on the event loop, so that a playlist that was read
never contradicts one that was read later. Each version of a playlist is written once, compressed once, and shared.
"""

import asyncio
from collections.abc import Callable, Iterable

from infra.ids import RenditionName, SessionId, StreamName
from origin import metrics, session
from origin.cmaf_reader import Event
from origin.directives import Awaited, Directives, Skip
from origin.errors import ResourceGone, StreamUnknown
from origin.iframe_playlist import IframePlaylistWriter
from origin.media_playlist import MediaPlaylistWriter
from origin.model import Kind
from origin.multivariant import multivariant_playlist
from origin.names import FileKind, iframe_file, segment_file
from origin.playlist_version import PlaylistVersion
from origin.playlist_watch import PlaylistWatch
from origin.recorder import Recorder
from origin.rendition import Rendition
from origin.text import Text
from origin.waiting import WaitingRoom

_RETRY_AFTER_S = 1

Playlist = tuple[RenditionName, FileKind]  # of a rendition: of its media or of its I-frames


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
        self._watch = PlaylistWatch(stream, session_id)
        self._writers: dict[Playlist, MediaPlaylistWriter | IframePlaylistWriter] = {}
        # what is written of the state of now
        self._index: Text | None = None
        self._versions: dict[Playlist, PlaylistVersion] = {}
        self._texts: dict[tuple[Playlist, Skip], Text] = {}
        self._wait_index: set[asyncio.Future[Text]] = set()
        self._wait_playlist: dict[RenditionName, dict[asyncio.Future[Text], tuple[FileKind, Directives]]] = {}
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
        self._index = None
        self._versions.clear()
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
        for answer, (kind, directives) in waiting.items():
            if answer.done():
                continue
            if self._satisfied(rendition, directives):
                answer.set_result(self._text((rendition.name, kind), directives.skip))
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
                lost = rendition.window is not None and number < rendition.window.next_part
                if data is not None:
                    answer.set_result(data)
                elif self.core.ended or lost:
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

    async def playlist(self, name: RenditionName, kind: FileKind, directives: Directives) -> Text:
        """A playlist that holds what the directives ask for, or, without any, a whole segment.

        Players refuse a list without a whole segment, and ask for nothing else until they have one.

        Args:
            name: a rendition.
            kind: of its media or of its I-frames; a list of those has no parts, so that only segments are waited for.
            directives: of the request.

        Raises:
            ResourceGone: there is no such rendition, or it ended empty, or it has no pictures.
            DirectiveRefused: the request asks too far ahead.
            HeldTooLong: it did not come true within three target durations (rfc8216bis 6.2.5.2).
        """
        rendition = self._rendition(name)
        if kind is FileKind.IFRAME_PLAYLIST:
            if self._kind(rendition) is not Kind.VIDEO:
                raise self._gone(name, "I-frame playlist")
            if directives.awaited is not None:
                directives = Directives(Awaited(directives.awaited.msn, None), directives.skip)
        if directives.awaited is not None and rendition.window is not None:
            rendition.window.admits(directives.awaited)
        if self._satisfied(rendition, directives):
            return self._text((name, kind), directives.skip)
        if self.core.ended:
            raise self._gone(name, "playlist")
        self._room.admit()
        answer: asyncio.Future[Text] = asyncio.get_running_loop().create_future()
        waiting = self._wait_playlist.setdefault(name, {})
        waiting[answer] = (kind, directives)
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
        data = segment.data or await self.recorder.read(name, segment_file(msn), segment.stored_bytes)
        return data, self._kind(rendition)

    async def iframe(self, name: RenditionName, msn: int) -> tuple[bytes, Kind]:
        """The I-frame of a finished segment, from memory or from the store.

        Raises:
            ResourceGone: as of its segment, or it begins with none.
            HeldTooLong, OriginFull: the store does not keep up.
        """
        window = self._rendition(name).window
        segment = window.with_iframe(msn) if window else None
        if segment is None:
            raise self._gone(name, f"I-frame {msn}")
        data = segment.iframe or await self.recorder.read(name, iframe_file(msn), segment.stored_iframe_bytes)
        return data, Kind.VIDEO

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

    def _satisfied(self, rendition: Rendition, directives: Directives) -> bool:
        window = rendition.window
        if window is None:
            return False
        if directives.awaited is None:
            return window.has_whole_segment or window.ended
        return window.satisfied(directives.awaited)

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

    def _text(self, playlist: Playlist, skip: Skip) -> Text:
        if (playlist, skip) not in self._texts:
            version = self._version(playlist)
            if skip is not Skip.NOTHING and version.skippable:
                self._watch.update(playlist, version, skip)
            self._texts[playlist, skip] = self._written(version.text(skip))
        return self._texts[playlist, skip]

    def _version(self, playlist: Playlist) -> PlaylistVersion:
        if playlist not in self._versions:
            name, kind = playlist
            writer = self._writers.get(playlist) or self._writers.setdefault(playlist, self._writer(playlist))
            reported = self.core.playable_renditions()
            if kind is FileKind.PLAYLIST:
                reported = [each for each in reported if each.name != name]
            self._versions[playlist] = writer.write(reported)
            self._watch.whole(playlist, self._versions[playlist])
        return self._versions[playlist]

    def _writer(self, playlist: Playlist) -> MediaPlaylistWriter | IframePlaylistWriter:
        name, kind = playlist
        rendition = self.core.renditions[name]
        return MediaPlaylistWriter(rendition) if kind is FileKind.PLAYLIST else IframePlaylistWriter(rendition)

    def _index_text(self) -> Text:
        if self._index is None:
            text = multivariant_playlist(self.session_id, self.core.playable_renditions())
            self._watch.index(text)
            self._index = self._written(text)
        return self._index

    @staticmethod
    def _written(text: str) -> Text:
        metrics.RENDERED.inc()
        return Text(text)
