import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import Forbidden
from infra.ids import StreamName
from infra.tokens import check_token, is_guarded, make_token, parse_duration, viewer_paths, without_token

SECRET, FILM, NOW_S = "a secret of some length", StreamName("film"), 1_800_000_000
TOKEN = make_token(SECRET, FILM, NOW_S + 60)


def refused(token: str, *, secret: str = SECRET, stream: str = "film", now_s: int | None = NOW_S) -> str:
    with pytest.raises(Forbidden) as refusal:
        check_token(secret, StreamName(stream), token, now_s)
    return str(refusal.value)


def test_a_token_opens_its_stream_until_it_expires() -> None:
    check_token(SECRET, FILM, TOKEN, NOW_S)
    check_token(SECRET, FILM, TOKEN, NOW_S + 59)
    assert refused(TOKEN, now_s=NOW_S + 60) == "token refused: it has expired"
    check_token(SECRET, FILM, TOKEN, None)


def test_it_opens_nothing_else() -> None:
    assert refused(TOKEN, stream="film2") == "token refused: it does not open stream film2"
    assert "does not open" in refused(TOKEN, secret="another secret")
    assert "does not open" in refused(TOKEN, stream="film2", now_s=None)


@pytest.mark.parametrize(
    "token", ["", "x", "6b49d23c", TOKEN.upper(), "0" + TOKEN, TOKEN + "A", TOKEN + "=", TOKEN + "\n", "f" + TOKEN[1:]]
)
def test_there_is_one_way_to_write_it(token: str) -> None:
    assert "does not open" in refused(token)


@given(st.text(max_size=60))
def test_made_up_tokens_open_nothing(token: str) -> None:
    refused(token, now_s=None)


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("0123456789abcdefXYZ_-"))
def test_a_token_with_one_other_character_opens_nothing(at: int, character: str) -> None:
    changed = TOKEN[:at] + character + TOKEN[at + 1 :]
    if changed != TOKEN:
        refused(changed, now_s=None)


@pytest.mark.parametrize(
    ("path", "guarded"),
    [
        ("/live/{stream}/index.m3u8", True),
        ("/vod/{stream}/{session}/index.m3u8", True),
        ("/whep/{stream}", True),
        ("/watch/{stream}", True),
        ("/whip/{stream}", False),
        ("/api/streams", False),
        ("/", False),
    ],
)
def test_viewers_routes_are_guarded(path: str, guarded: bool) -> None:
    assert is_guarded(path) is guarded


def test_a_viewer_gets_three_paths() -> None:
    page, hls, whep = viewer_paths("x-y", FILM)
    assert (page, hls, whep) == ("/t/x-y/watch/film", "/t/x-y/live/film/index.m3u8", "/t/x-y/whep/film")


def test_logs_show_no_token() -> None:
    assert without_token(f"/t/{TOKEN}/live/film/index.m3u8") == "/t/redacted/live/film/index.m3u8"
    assert without_token("/live/t/index.m3u8") == "/live/t/index.m3u8"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("366d", 366 * 86_400)])
def test_a_length_of_time_is_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "0h", "-1h", "1.5h", "2 h", "2H", "367d", "1h30m"])
def test_other_lengths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="allowed are 1s to 366d, in s, m, h or d"):
        parse_duration(text)
