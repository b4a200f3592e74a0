"""Whenever a node dies, and whatever the store has of a session by then, the playlists go on by the rules."""

import re
from collections.abc import Callable
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infra.clock import SystemClock
from infra.ids import RenditionName, SessionId, StreamName
from infra.profiles import PROFILES
from infra.settings import Profile
from origin import session as actions
from origin.cmaf_reader import BoundarySeen, ChunkSeen, InitSeen
from origin.directives import Skip
from origin.iframe_playlist import IframePlaylistWriter
from origin.iframes import Picture
from origin.journal import Opened, Record, parse_page
from origin.journal_writer import JournalWriter
from origin.listed import read
from origin.media_playlist import media_playlist
from origin.model import NS_PER_S, Chunk, Kind, TrackDescription
from origin.names import FileKind, iframe_file, init_file, journal_key, object_key, part_file, segment_file
from origin.recorder import Recorder, Shelf
from origin.recovery import Past, plan_revival, read_past, revive
from origin.rendition import Rendition
from origin.self_check import Follower, judge_together
from origin.session import Session
from origin.storage.memory import MemoryStore
from origin.storage.read_through import ReadThrough
from origin.window import Targets
from support.hls_strict import check

CAT, S1 = StreamName("cat"), SessionId("s1")
NAMES = [RenditionName(name) for name in ("720p", "360p", "audio")]
START_NS = 1_800_000_000 * NS_PER_S
VIDEO = TrackDescription(Kind.VIDEO, "avc1.640020", 90_000, 1280, 720, peak_bps=2_000_000)
AUDIO = TrackDescription(Kind.AUDIO, "mp4a.40.2", 48_000, channels=2, sample_rate=48_000)
PROFILE = PROFILES[Profile.STANDARD]
TARGETS = Targets(2, PROFILE.part_target_s, PROFILE.part_hold_back_s, PROFILE.hold_back_s, Fraction(12))
PARTS_PER_SEGMENT = 6
PARTS_PER_S = 3


class Disk:
    """A store that survives, and the writes that it has not taken yet."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.pending: dict[str, tuple[bytes, Callable[[], None] | None]] = {}

    def put(self, key: str, data: bytes, on_stored: Callable[[], None] | None = None) -> None:
        self.pending[key] = (data, on_stored)

    def take(self, key: str) -> None:
        data, on_stored = self.pending.pop(key)
        assert not key.endswith(".m4s") or self.objects.get(key, data) == data, f"{key} is there with other bytes"
        self.objects[key] = data
        if on_stored is not None:
            on_stored()

    def pages(self) -> list[list[Record]]:
        keys = sorted(key for key in self.objects if "/journal-" in key)
        assert keys == [journal_key(CAT, S1, number) for number in range(len(keys))]
        return [parse_page(self.objects[key]) for key in keys]


def new_followers() -> dict[tuple[RenditionName, FileKind], Follower]:
    return {(name, kind): Follower() for name in NAMES for kind in (FileKind.PLAYLIST, FileKind.IFRAME_PLAYLIST)}


class Crashing(RuleBasedStateMachine):
    """Encoders that go on for ever, a node that dies under them, viewers that follow every playlist."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = Disk()
        self.session = Session(TARGETS, Fraction(2))
        self.recorder = self.recorder_of(JournalWriter(waiting=True))
        self.recorder.begin(Opened(START_NS, TARGETS, Fraction(2)))
        self.followers = new_followers()
        self.served: dict[tuple[str, str], bytes] = {}
        self.unsafe: set[tuple[str, str]] = set()  # files that were listed and are lost
        self.grid = 0  # parts since the broadcast began
        self.base_s = Fraction(0)  # decode time at which it did
        self.late: RenditionName | None = None  # it has not made its last part yet
        self.running = False
        self.gone = False
        self.down = False
        self.resumes_at = 0

    def recorder_of(self, journal: JournalWriter) -> Recorder:
        shelf = Shelf(self.disk.put, ReadThrough(MemoryStore(SystemClock())), live_s=Fraction(6))
        return Recorder(CAT, S1, shelf, journal, lambda _stream, _session: None)

    @property
    def now_ns(self) -> int:
        return START_NS + self.grid * NS_PER_S // PARTS_PER_S

    # The encoders

    def attach(self) -> None:
        """All encoders begin, with a timeline that starts anew."""
        self.base_s = 10 - Fraction(self.grid, PARTS_PER_S)
        for name in NAMES:
            self.session.attach(name)
            self.session.take(name, InitSeen(b"init", AUDIO if name == "audio" else VIDEO), self.now_ns)
        self.keep()
        self.running, self.late = True, None

    def push(self, name: RenditionName) -> None:
        timescale = 48_000 if name == "audio" else 90_000
        frame = 1024 if name == "audio" else 30_000
        ends = [-(-grid * timescale // PARTS_PER_S // frame) * frame for grid in (self.grid, self.grid + 1)]
        start = ends[0] + round(self.base_s * timescale)
        opens = self.grid % PARTS_PER_SEGMENT == 0
        if opens:
            self.session.take(name, BoundarySeen(last=False), self.now_ns)
        data = f"{name} {self.grid}".encode()
        picture = Picture(b"IDR" + data, 1, 0) if opens and name != "audio" else None
        chunk = Chunk(data, start, ends[1] - ends[0], 10, opens or name == "audio", self.now_ns, picture)
        self.session.take(name, ChunkSeen(chunk), self.now_ns)
        self.keep()
        self.look(name)

    def keep(self) -> None:
        for action in self.session.drain():
            match action:
                case actions.Store(name, item):
                    self.recorder.keep(self.session.renditions[name], item)
                case actions.Broken(msn):
                    self.recorder.plan_break(msn)

    @initialize()
    def begin(self) -> None:
        self.attach()

    @precondition(lambda self: self.running)
    @rule(parts=st.integers(1, 40), behind=st.sampled_from([None, *NAMES]))
    def time_passes(self, parts: int, behind: RenditionName | None) -> None:
        """Encoders make their parts; one may not have made its last one yet."""
        self.make_parts(parts, behind)

    def make_parts(self, parts: int, behind: RenditionName | None = None) -> None:
        if self.late is not None:
            late, self.late = self.late, None
            self.grid -= 1
            self.push(late)
            self.grid += 1
        for left in range(parts, 0, -1):
            self.late = behind if left == 1 else None
            for name in NAMES:
                if name != self.late:
                    self.push(name)
            self.grid += 1

    @precondition(lambda self: self.running)
    @rule()
    def the_encoders_begin_again(self) -> None:
        for name in NAMES:
            self.session.detach(name, clean=False)
        self.keep()
        self.grid = -(-self.grid // PARTS_PER_SEGMENT) * PARTS_PER_SEGMENT
        self.attach()

    # The store

    @rule(data=st.data(), count=st.integers(1, 12))
    def the_store_takes_some(self, data: st.DataObject, count: int) -> None:
        for _ in range(count):
            if self.disk.pending:
                self.disk.take(data.draw(st.sampled_from(sorted(self.disk.pending))))

    @rule()
    def the_store_takes_all(self) -> None:
        while self.disk.pending:
            self.disk.take(next(iter(self.disk.pending)))

    # The crash

    @precondition(lambda self: not self.gone)
    @rule(down_parts=st.integers(0, 60), data=st.data(), damages=st.sampled_from([0, 0, 0, 1, 3]))
    def the_node_dies_and_is_started_again(self, down_parts: int, data: st.DataObject, damages: int) -> None:
        self.disk.pending.clear()
        for _ in range(damages):
            self.damage(data)
        self.grid += down_parts
        self.running = False
        pages = self.disk.pages()
        past = read_past(record for page in pages for record in page)
        plan = plan_revival(past, self.now_ns) if past else None
        if past is None or plan is None:
            self.gone = True
            return
        self.note_what_is_lost(past)
        stored = {key: self.disk.objects[object_key(CAT, S1, key[0], init_file(key[1]))] for key in plan.inits}
        lost = {file for file, size_bytes in plan.files.items() if not self.has(*file, size_bytes)}
        self.session = revive(past, plan, stored, lost)
        journal = JournalWriter(len(pages) - 1, pages[-1])
        page = journal.add(*plan.gaps)
        while page is not None:
            self.disk.objects[journal_key(CAT, S1, page.number)] = page.data
            page = journal.stored()
        self.recorder = self.recorder_of(journal)
        self.resumes_at = plan.resumes_at
        self.down = True
        for name in self.session.renditions:
            self.look(name)
        self.down = False

    def damage(self, data: st.DataObject) -> None:
        """The disk lost a segment or a picture, or the end of it."""
        media = sorted(key for key in self.disk.objects if key.endswith(".m4s"))
        if media:
            key = data.draw(st.sampled_from(media))
            self.disk.objects[key] = self.disk.objects[key][:-1]
            if data.draw(st.booleans()):
                del self.disk.objects[key]
            name, file = key.split("/")[2:]
            self.unsafe.add((name, file))

    def note_what_is_lost(self, past: Past) -> None:
        """What viewers have seen and the store does not have may come to nothing; all else must stay as it was."""
        for name, rendition in self.session.renditions.items():
            for segment in rendition.window.segments if rendition.window else ():
                record = past.segments.get(name, {}).get(segment.msn)
                segment_name, iframe_name = segment_file(segment.msn), iframe_file(segment.msn)
                if not segment.gap and (record is None or not self.has(name, segment_name, record.size_bytes)):
                    self.unsafe.add((name, segment_name))
                if segment.iframe_bytes and (record is None or not self.has(name, iframe_name, record.iframe_bytes)):
                    self.unsafe.add((name, iframe_name))
        if not set(self.session._breaks._numbers) <= past.breaks:
            self.followers = new_followers()  # a discontinuity was younger than the journal

    def has(self, name: RenditionName, file: str, size_bytes: int) -> bool:
        return len(self.disk.objects.get(object_key(CAT, S1, name, file), b"")) == size_bytes

    @precondition(lambda self: not self.gone and not self.running)
    @rule(later_parts=st.integers(0, 30))
    def the_publisher_returns(self, later_parts: int) -> None:
        self.grid = -(-(self.grid + later_parts) // PARTS_PER_SEGMENT) * PARTS_PER_SEGMENT
        newest_init = {name: rendition.next_init for name, rendition in self.session.renditions.items()}
        self.attach()
        self.make_parts(2 * PARTS_PER_SEGMENT)
        for name, rendition in self.session.renditions.items():
            assert rendition.init is not None
            assert rendition.init.number >= newest_init.get(name, self.resumes_at)
            listed = self.followers[name, FileKind.PLAYLIST].last
            assert [each.msn for each in listed.all_segments if each.msn >= self.resumes_at and each.discontinuity] == [
                self.resumes_at
            ]

    # The viewers

    def look(self, name: RenditionName) -> None:
        rendition = self.session.renditions[name]
        if rendition.window is None:
            return
        others = [each for each in self.session.playable_renditions() if each is not rendition]
        text = media_playlist(rendition, others)
        self.judge(name, FileKind.PLAYLIST, text)
        if name != "audio":
            self.judge(name, FileKind.IFRAME_PLAYLIST, IframePlaylistWriter(rendition).write(others).text(Skip.NOTHING))
        assert check(text) == [], text
        self.fetch(rendition)

    def judge(self, name: RenditionName, kind: FileKind, text: str) -> None:
        complaints = [each for each in self.followers[name, kind].see(text) if not self.excused(name, kind, each)]
        assert complaints == [], f"{name}: {complaints}\n{text}"

    def excused(self, name: RenditionName, kind: FileKind, complaint: str) -> bool:
        """What was lost came to nothing, and what a node was down for longer than its list nobody can have seen."""
        if complaint.endswith("were never listed [6.2.2]"):
            return self.down
        found = re.match(r"segment (\d+) changed: ", complaint)
        named = segment_file if kind is FileKind.PLAYLIST else iframe_file
        return found is not None and (name, named(int(found[1]))) in self.unsafe

    def fetch(self, rendition: Rendition) -> None:
        """Everything listed is there, and is what it was whenever it was fetched before."""
        window = rendition.window
        assert window is not None
        for segment in window.segments:
            init = rendition.find_init(segment.init.number)
            assert init is not None
            self.compare(rendition.name, init_file(init.number), init.data)
            if not segment.gap:
                file = segment_file(segment.msn)
                key = object_key(CAT, S1, rendition.name, file)
                self.compare(rendition.name, file, segment.data or self.disk.objects[key])
                for part in segment.parts:
                    self.compare(rendition.name, part_file(part.number), window.part(part.number))
            if segment.iframe_bytes:
                file = iframe_file(segment.msn)
                key = object_key(CAT, S1, rendition.name, file)
                self.compare(rendition.name, file, segment.iframe or self.disk.objects[key])
        if window.open is not None:
            for part in window.open.parts:
                self.compare(rendition.name, part_file(part.number), window.part(part.number))

    def compare(self, name: RenditionName, file: str, data: bytes | None) -> None:
        assert data is not None or (name, file) in self.served, f"{file} of {name} is not there"
        if data is not None:
            assert self.served.setdefault((name, file), data) == data, f"{file} of {name} was something else before"

    @invariant()
    def renditions_agree(self) -> None:
        windows = {name: each for name, each in self.session.renditions.items() if each.window is not None}
        if windows:
            assert judge_together({name: read(media_playlist(each, [])) for name, each in windows.items()}) == []

    def teardown(self) -> None:
        """The broadcast ends, and its journal says what is stored."""
        if self.gone:
            return
        self.session.end()
        self.keep()
        for name in self.session.renditions:
            self.look(name)
        self.recorder.end(self.now_ns)
        self.the_store_takes_all()
        past = read_past(record for page in self.disk.pages() for record in page)
        assert past is not None
        assert past.ended
        for records in past.segments.values():
            for record in records.values():
                for file, size_bytes in (
                    (segment_file(record.msn), record.size_bytes),
                    (iframe_file(record.msn), record.iframe_bytes),
                ):
                    owner = (record.rendition, file)
                    assert not size_bytes or self.has(*owner, size_bytes) or owner in self.unsafe


TestCrashing = Crashing.TestCase
TestCrashing.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
