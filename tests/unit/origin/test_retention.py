"""How long what is stored is kept, and what goes when."""

import pytest

from infra.ids import SessionId, StreamName
from origin.errors import RetentionRefused
from origin.model import NS_PER_S
from origin.retention import MARGIN_S, Retention, Rule, SegmentGoes, SessionGoes, Sweep, Verdict, parse_retention
from origin.storage.contract import Stored

NOW_S = 1_800_000_000
RETENTION = parse_retention(["news-*=1h", "test=nothing", "cam?=window", "vip=forever", "*=7d"], 60)


def keep_s(stream: str) -> float | None:
    return RETENTION.keep_s(StreamName(stream))


def test_the_first_rule_that_fits_decides() -> None:
    assert keep_s("news-1") == 3600
    assert keep_s("cam1") == 60 + MARGIN_S
    assert keep_s("vip") is None
    assert keep_s("cam12") == 7 * 86_400
    assert keep_s("News-1") == 7 * 86_400
    assert not RETENTION.stores(StreamName("test"))
    assert RETENTION.stores(StreamName("vip"))
    assert RETENTION.stores(StreamName("cat"))


def test_without_a_rule_everything_is_kept_for_ever() -> None:
    assert Retention().keep_s(StreamName("cat")) is None
    assert Retention().stores(StreamName("cat"))
    assert Retention().sweep_pause_s is None
    assert parse_retention(["*=forever"], 60).sweep_pause_s is None


@pytest.mark.parametrize(
    ("rule", "seconds"), [("a=90s", 90), ("a=90m", 5400), ("a=36h", 129_600), ("a=7d", 604_800), ("a=b=1s", 1)]
)
def test_a_time_is_a_number_with_its_unit(rule: str, seconds: float) -> None:
    [read] = parse_retention([rule], 60).rules
    assert read == Rule(rule.rpartition("=")[0], seconds)


@pytest.mark.parametrize(
    "rule", ["", "cat", "=7d", "cat=", "cat=7", "cat=0d", "cat=-1d", "cat=1w", "cat=1.5h", "*=never"]
)
def test_any_other_rule_is_refused_with_what_is_allowed(rule: str) -> None:
    with pytest.raises(RetentionRefused, match="must be PATTERN=KEEP, where KEEP is forever, window, nothing"):
        parse_retention([rule], 60)


@pytest.mark.parametrize(
    ("rules", "pause_s"), [(["*=7d"], 3600), (["*=7d", "a=2h"], 720), (["a=window"], 60), (["a=nothing"], 60)]
)
def test_nothing_is_kept_more_than_a_tenth_or_an_hour_too_long(rules: list[str], pause_s: float) -> None:
    assert parse_retention(rules, 60).sweep_pause_s == pause_s


def stored(key: str, age_s: float) -> Stored:
    return Stored(key, 10, round((NOW_S - age_s) * NS_PER_S))


def verdicts(*objects: Stored, live: tuple[str, str] | None = None) -> list[Verdict]:
    sweep = Sweep(RETENTION, NOW_S * NS_PER_S, lambda stream, session: (stream, session) == live)
    return [verdict for each in objects for verdict in sweep.take(each)] + sweep.finish()


def session_goes(stream: str, session: str) -> SessionGoes:
    return SessionGoes(StreamName(stream), SessionId(session))


def test_a_session_goes_whole_when_the_time_of_its_newest_object_is_over() -> None:
    old = [stored("news-1/a/720p/init-0.mp4", 9000), stored("news-1/a/720p/s0.m4s", 9000)]
    assert verdicts(*old, stored("news-1/a/720p/s1.m4s", 3500)) == []
    assert verdicts(*old, stored("news-1/a/720p/s1.m4s", 3601)) == [session_goes("news-1", "a")]
    assert verdicts(*old, stored("news-1/a/index.m3u8", 3500)) == []


def test_a_live_session_loses_the_segments_whose_time_is_over_and_nothing_else() -> None:
    objects = [
        stored("news-1/a/720p/index.m3u8", 9000),
        stored("news-1/a/720p/init-0.mp4", 9000),
        stored("news-1/a/720p/s0.m4s", 3601),
        stored("news-1/a/720p/s1.m4s", 3599),
    ]
    assert verdicts(*objects, live=("news-1", "a")) == [SegmentGoes(objects[2])]
    assert verdicts(*objects[:3], live=("news-1", "a")) == [SegmentGoes(objects[2])]


def test_sessions_and_streams_are_judged_each_for_itself() -> None:
    objects = [
        stored("news-1/a/720p/s0.m4s", 4000),
        stored("news-1/b/720p/s0.m4s", 100),
        stored("news-1/c/720p/s0.m4s", 4000),
        stored("test/a/720p/s0.m4s", 1),
        stored("vip/a/720p/s0.m4s", 1e9),
    ]
    expected = [session_goes("news-1", "a"), session_goes("news-1", "c"), session_goes("test", "a")]
    assert verdicts(*objects) == expected


def test_what_is_foreign_is_never_touched_and_does_not_count() -> None:
    foreign = ["news-1/notes.txt", "news-1/a/720p/p3.m4s", "news-1/a/720p/s1.m4s.bak", "news-1", "a/b/c/d/s1.m4s"]
    assert verdicts(*(stored(key, 1e6) for key in foreign)) == []
    assert verdicts(stored("news-1/a/720p/s0.m4s", 4000), stored("news-1/a/note", 1)) == [session_goes("news-1", "a")]


def test_where_nothing_is_stored_nothing_goes() -> None:
    assert verdicts() == []
