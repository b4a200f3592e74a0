"""Whatever pushers do, the playlists obey the rules, version after version, and two other readers agree with them."""

from fractions import Fraction

import m3u8
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infra.ids import RenditionName
from infra.profiles import PROFILES
from infra.settings import Profile
from origin.cmaf_reader import BoundarySeen, ChunkSeen, InitSeen
from origin.directives import Awaited, Skip
from origin.errors import DirectiveRefused
from origin.iframe_playlist import IframePlaylistWriter
from origin.iframes import Picture
from origin.listed import Listed, read
from origin.media_playlist import MediaPlaylistWriter, media_playlist
from origin.model import NS_PER_S, Chunk, Kind, TrackDescription
from origin.playlist_version import PlaylistVersion
from origin.rendition import Rendition
from origin.self_check import Follower, SessionCheck, judge_together
from origin.session import Session
from origin.window import Targets
from support.hls_merge import merge, without_version
from support.hls_strict import check

pytestmark = pytest.mark.timeout(240)  # hundreds of playlists, each judged by four readers
START_NS = 1_800_000_000 * NS_PER_S
VIDEO = TrackDescription(Kind.VIDEO, "avc1.640020", 90_000, 1280, 720, peak_bps=2_000_000, average_bps=2_000_000)
AUDIO = TrackDescription(Kind.AUDIO, "mp4a.40.2", 48_000, channels=2, sample_rate=48_000)
NAMES = [RenditionName(name) for name in ("720p", "360p", "audio")]
PROFILE = PROFILES[Profile.STANDARD]
TARGETS = Targets(2, PROFILE.part_target_s, PROFILE.part_hold_back_s, PROFILE.hold_back_s, Fraction(16))
PARTS_PER_SEGMENT = 6


class Pusher:
    """One rendition's encoder: where it stands on the grid that all share."""

    def __init__(self, name: RenditionName) -> None:
        self.name = name
        self.track = AUDIO if name == "audio" else VIDEO
        self.attached = False
        self.version = 0  # of its init section
        self.grid = 0  # parts since the start of the broadcast
        self.epoch_ticks = 900_000

    def chunk(self) -> Chunk:
        """The next part: 10 frames of video, or as many whole AAC frames as reach the same time."""
        if self.track is VIDEO:
            start, end = self.grid * 30_000, (self.grid + 1) * 30_000
        else:
            start, end = (-(-(self.grid + offset) * 16_000 // 1024) * 1024 for offset in (0, 1))
        capture_ns = START_NS + start * NS_PER_S // self.track.timescale
        independent = self.track is AUDIO or self.grid % PARTS_PER_SEGMENT == 0
        picture = Picture(b"idr", 1, 0) if self.track is VIDEO and independent else None
        return Chunk(b"x" * 50, self.epoch_ticks + start, end - start, 10, independent, capture_ns, picture)


class Origin(RuleBasedStateMachine):
    """Pushers that work in step, break off, come back, change; viewers that follow every playlist."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(TARGETS, Fraction(2))
        self.pushers = {name: Pusher(name) for name in NAMES}
        self.followers = {name: Follower() for name in NAMES}
        self.check = SessionCheck()
        self.writers: dict[RenditionName, MediaPlaylistWriter] = {}
        self.picture_writers: dict[RenditionName, IframePlaylistWriter] = {}
        self.texts: dict[RenditionName, list[str]] = {name: [] for name in NAMES}
        self.now_ns = START_NS
        self.grid = 0

    def take(self, pusher: Pusher, event: InitSeen | BoundarySeen | ChunkSeen) -> None:
        self.session.take(pusher.name, event, self.now_ns)

    def attach(self, pusher: Pusher) -> None:
        self.session.attach(pusher.name)
        pusher.attached = True
        pusher.epoch_ticks += 7_000  # a new encoder has a timeline of its own
        self.take(pusher, InitSeen(b"init%d" % pusher.version, pusher.track))

    def push(self, pusher: Pusher) -> None:
        if pusher.grid % PARTS_PER_SEGMENT == 0:
            self.take(pusher, BoundarySeen(last=False))
        self.take(pusher, ChunkSeen(pusher.chunk()))
        pusher.grid += 1
        self.look(pusher.name)

    def look(self, name: RenditionName) -> None:
        rendition = self.session.renditions[name]
        if rendition.window is None:
            return
        others = [each for each in self.session.playable_renditions() if each is not rendition]
        writer = self.writers.setdefault(name, MediaPlaylistWriter(rendition))
        version = writer.write(others)
        text = version.text(Skip.NOTHING)
        assert text == media_playlist(rendition, others), "what the writer remembers is what is so"
        assert self.check.whole(name, version) == [], f"{name}\n{text}"
        self.updates_give_the_whole(name, version, text)
        if name != "audio":
            self.look_at_pictures(rendition)
        complaints = self.followers[name].see(text)
        assert complaints == [], f"{name}: {complaints}\n{text}"
        assert check(text) == [], text
        agrees_with_m3u8(text, self.followers[name].last)

    def look_at_pictures(self, rendition: Rendition) -> None:
        """They are those of the segments, and every version of their list obeys the rules."""
        assert rendition.window is not None
        version = self.picture_writers.setdefault(rendition.name, IframePlaylistWriter(rendition)).write([])
        name, text = f"{rendition.name}/iframes", version.text(Skip.NOTHING)
        assert self.check.whole(name, version) == [], text
        assert not version.skippable or self.check.update(name, version, Skip.SEGMENTS) == [], text
        missing = [each.gap for each in read(text).segments]
        assert missing == [not each.parts for each in rendition.window.segments]

    def updates_give_the_whole(self, name: RenditionName, version: PlaylistVersion, whole: str) -> None:
        """Merged into the version before and into one of two seconds before (rfc8216bis 6.3.7)."""
        if version.skippable:
            update = version.text(Skip.SEGMENTS)
            assert check(update) == [], update
            assert self.check.update(name, version, Skip.SEGMENTS) == [], update
            for before in self.texts[name][-PARTS_PER_SEGMENT:][:: PARTS_PER_SEGMENT - 1]:
                try:
                    merged = merge(before, update)
                except ValueError:  # many gaps came at once: players must ask for the whole
                    assert "#EXT-X-GAP" in whole
                else:
                    assert without_version(merged) == without_version(whole), f"{before}\n{update}"
        self.texts[name].append(whole)

    @initialize()
    def all_begin(self) -> None:
        for pusher in self.pushers.values():
            self.attach(pusher)

    @rule(parts=st.integers(1, 9))
    def time_passes(self, parts: int) -> None:
        """Each attached encoder makes its parts; the others' time passes unseen."""
        for _ in range(parts):
            self.grid += 1
            self.now_ns = START_NS + self.grid * NS_PER_S // 3
            for pusher in self.pushers.values():
                while pusher.attached and pusher.grid < self.grid:
                    self.push(pusher)

    @rule(name=st.sampled_from(NAMES), parts=st.integers(1, 3))
    def one_runs_ahead(self, name: RenditionName, parts: int) -> None:
        pusher = self.pushers[name]
        for _ in range(parts):
            if pusher.attached and pusher.grid < self.grid + 3:
                self.push(pusher)

    @rule(name=st.sampled_from(NAMES), parts=st.integers(1, 3))
    def one_loses_parts_within_a_segment(self, name: RenditionName, parts: int) -> None:
        pusher = self.pushers[name]
        place = pusher.grid % PARTS_PER_SEGMENT
        if pusher.attached and 0 < place < PARTS_PER_SEGMENT - parts and pusher.grid + parts < self.grid + 3:
            pusher.grid += parts
            self.push(pusher)

    @rule(name=st.sampled_from(NAMES))
    def one_breaks_off(self, name: RenditionName) -> None:
        if self.pushers[name].attached:
            self.pushers[name].attached = False
            self.session.detach(name, clean=False)
            self.look(name)

    @rule()
    def all_break_off(self) -> None:
        for name in NAMES:
            self.one_breaks_off(name)

    @rule(changed=st.booleans(), names=st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    def some_return(self, changed: bool, names: list[RenditionName]) -> None:
        """A returning encoder starts at the next segment boundary of the grid."""
        for name in names:
            pusher = self.pushers[name]
            if not pusher.attached:
                pusher.version += changed
                self.attach(pusher)
                newest = max(self.grid, *(each.grid for each in self.pushers.values()))
                pusher.grid = -(-newest // PARTS_PER_SEGMENT) * PARTS_PER_SEGMENT

    @precondition(lambda self: all(p.attached for p in self.pushers.values()))
    @rule()
    def new_init_sections_within_the_bodies(self) -> None:
        boundary = -(-max(each.grid for each in self.pushers.values()) // PARTS_PER_SEGMENT) * PARTS_PER_SEGMENT
        for pusher in self.pushers.values():
            while pusher.grid < boundary:
                self.push(pusher)
        for pusher in self.pushers.values():
            pusher.version += pusher.name == "720p"
            self.take(pusher, InitSeen(b"init%d" % pusher.version, pusher.track))
            self.push(pusher)

    def teardown(self) -> None:
        """The broadcast ends: every list gets its end, and is the same ever after."""
        self.session.end()
        for name in NAMES:
            self.look(name)
            self.look(name)
        self.everything_listed_can_be_fetched()

    @invariant()
    def what_is_drained_is_complete(self) -> None:
        self.session.drain()
        assert self.session.drain() == []

    @invariant()
    def renditions_agree(self) -> None:
        seen: dict[str, Listed] = {}
        for name, rendition in self.session.renditions.items():
            if rendition.window is not None:
                seen[name] = read(media_playlist(rendition, []))
        if seen:
            assert judge_together(seen) == []

    @invariant()
    def everything_listed_can_be_fetched(self) -> None:
        for rendition in self.session.renditions.values():
            window = rendition.window
            if window is None:
                continue
            listed = read(media_playlist(rendition, []))
            for segment in listed.all_segments:
                assert rendition.find_init(int(segment.map_uri.removeprefix("init-").removesuffix(".mp4"))) is not None
                assert segment.gap or not segment.uri or window.segment(segment.msn) is not None
                for part in segment.parts:
                    number = int(part.uri.removeprefix("p").removesuffix(".m4s"))
                    assert (window.part(number) is None) == part.gap

    @invariant()
    def what_is_listed_satisfies_and_the_next_is_admitted(self) -> None:
        for rendition in self.session.renditions.values():
            window = rendition.window
            if window is None or (last := window.last_part) is None:
                continue
            msn, part = last
            assert window.satisfied(Awaited(msn, part))
            window.admits(Awaited(msn, part + 1))
            window.admits(Awaited(msn + 1, 0))
            if not self.session.ended:
                assert not window.satisfied(Awaited(msn + 1, 0))
                with pytest.raises(DirectiveRefused):
                    window.admits(Awaited(msn + 4, None))


def agrees_with_m3u8(text: str, listed: Listed) -> None:
    """The m3u8 package reads the same values as our own reader."""
    other = m3u8.loads(text)
    segments = [segment for segment in other.segments if segment.uri]
    assert [segment.uri for segment in segments] == [segment.uri for segment in listed.segments]
    assert [segment.duration for segment in segments] == [float(each.duration_s) for each in listed.segments]
    assert [bool(segment.discontinuity) for segment in segments] == [each.discontinuity for each in listed.segments]
    parts = [part.uri for segment in other.segments for part in segment.parts]
    assert parts == [part.uri for segment in listed.all_segments for part in segment.parts]
    assert other.media_sequence == int(listed.single["MEDIA-SEQUENCE"])
    assert other.discontinuity_sequence == int(listed.single["DISCONTINUITY-SEQUENCE"])
    assert Fraction(str(other.part_inf.part_target)) == listed.part_target_s
    assert [report.last_msn for report in other.rendition_reports] == [int(each["LAST-MSN"]) for each in listed.reports]
    assert other.is_endlist is listed.ended


TestOrigin = Origin.TestCase
TestOrigin.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
