from infra.ids import RenditionName, SessionId, StreamName
from infra.stage_times import (
    MAX_PARTS,
    MAX_PICTURES,
    MAX_RENDITIONS,
    Arrived,
    CodedPart,
    ListedPart,
    Placed,
    StageTimes,
    StageTimesOfStreams,
)

MS = 1_000_000
NOW = 1_700_000_000_000 * MS
HD, SMALL = RenditionName("720p"), RenditionName("360p")
FILM, SESSION = StreamName("film"), SessionId("s1")


def arrived(capture_ms: int, first_ms: int | None = 4) -> Arrived:
    at = NOW + capture_ms * MS
    return Arrived(
        at, 0 if first_ms is None else at + first_ms * MS, at + 5 * MS, at + 6 * MS, at + 7 * MS, 900, key=True
    )


def placed(capture_ms: int, grid_ms: int) -> Placed:
    at = NOW + capture_ms * MS
    return Placed(at, at + 8 * MS, at + 9 * MS, at + 10 * MS, NOW + grid_ms * MS)


def coded(rendition: RenditionName, *grid_ms: int) -> CodedPart:
    grid = [NOW + each * MS for each in grid_ms]
    return CodedPart(
        rendition, grid[0], grid[-1] + 20 * MS, grid[-1] + 21 * MS, tuple((at, at + 12 * MS) for at in grid)
    )


def test_a_picture_is_followed_through_every_stage() -> None:
    times = StageTimes(SESSION)
    times.arrived(arrived(0))
    times.arrived(arrived(33))
    times.left(coded(HD, 2, 35), [placed(0, 2), placed(33, 35)])
    times.left(coded(SMALL, 2, 35), [])
    times.listed(HD, ListedPart(7, NOW + 2 * MS + 1, 66 * MS, NOW + 60 * MS))  # a nanosecond lost in an NTP timestamp
    document = times.document(0)
    assert document["session"] == SESSION
    first, second = document["pictures"]
    now_ms = NOW // MS
    assert first == {
        "capture_ms": now_ms,
        "key": True,
        "size_bytes": 900,
        "first_packet_ms": now_ms + 4,
        "last_packet_ms": now_ms + 5,
        "released_ms": now_ms + 6,
        "forwarded_ms": now_ms + 7,
        "received_ms": now_ms + 8,
        "decoded_ms": now_ms + 9,
        "placed_ms": now_ms + 10,
        "grid_ms": now_ms + 2,
        "coded_ms": {HD: now_ms + 14, SMALL: now_ms + 14},
    }
    assert second["grid_ms"] == now_ms + 35
    assert document["parts"] == {
        SMALL: [
            {
                "number": None,
                "start_ms": now_ms + 2,
                "duration_ms": None,
                "closed_ms": now_ms + 55,
                "pushed_ms": now_ms + 56,
                "listed_ms": None,
            }
        ],
        HD: [
            {
                "number": 7,
                "start_ms": now_ms + 2,
                "duration_ms": 66,
                "closed_ms": now_ms + 55,
                "pushed_ms": now_ms + 56,
                "listed_ms": now_ms + 60,
            }
        ],
    }


def test_what_is_not_known_is_null() -> None:
    times = StageTimes(SESSION)
    times.arrived(arrived(0, first_ms=None))
    times.listed(HD, ListedPart(0, NOW, 200 * MS, NOW + 300 * MS))  # pushed by a foreign encoder
    times.arrived(arrived(33))
    times.left(coded(SMALL, 500), [placed(33, 35)])  # placed, and its part is still open
    document = times.document(0)
    first, second = document["pictures"]
    unknown = ("first_packet_ms", "received_ms", "decoded_ms", "placed_ms", "grid_ms")
    assert [first[name] for name in unknown] == [None] * 5
    assert first["coded_ms"] == second["coded_ms"] == {}
    (part,) = document["parts"][HD]
    assert (part["number"], part["closed_ms"], part["pushed_ms"]) == (0, None, None)


def test_only_what_was_captured_later_is_told_and_parts_that_may_hold_it() -> None:
    times = StageTimes(SESSION)
    for at in (0, 1000, 2000):
        times.arrived(arrived(at))
        times.listed(HD, ListedPart(at // 1000, NOW + at * MS, 1000 * MS, NOW + (at + 1100) * MS))
    document = times.document(NOW + 1500 * MS)
    assert [picture["capture_ms"] for picture in document["pictures"]] == [NOW // MS + 2000]
    assert [part["number"] for part in document["parts"][HD]] == [1, 2]


def test_what_is_kept_is_bounded() -> None:
    times = StageTimes(SESSION)
    for number in range(2 * MAX_PICTURES):
        times.arrived(arrived(number))
        times.left(coded(HD, number), [placed(number, number)])
        times.listed(HD, ListedPart(number, NOW + number * MS, MS, NOW))
    for number in range(2 * MAX_RENDITIONS):
        times.listed(RenditionName(f"r{number}"), ListedPart(0, NOW, MS, NOW))
    document = times.document(0)
    assert len(document["pictures"]) == MAX_PICTURES
    assert max(len(parts) for parts in document["parts"].values()) <= 2 * MAX_PARTS
    assert len(document["parts"]) <= MAX_RENDITIONS + 1


def test_only_sessions_that_are_open_are_written_down() -> None:
    streams = StageTimesOfStreams()
    assert streams.of(FILM) is None
    times = streams.open(FILM, SESSION)
    assert streams.open(FILM, SESSION) is times is streams.of(FILM) is streams.of(FILM, SESSION)
    assert streams.of(FILM, SessionId("other")) is None
    newer = streams.open(FILM, SessionId("s2"))
    streams.close(FILM, SESSION)
    assert streams.of(FILM) is newer
    streams.close(FILM, SessionId("s2"))
    assert streams.of(FILM) is None
