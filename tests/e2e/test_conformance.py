"""A live session as a conforming player sees it: every version of every playlist is judged, by two judges."""

import asyncio
import os
import signal
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aiohttp
import pytest

from origin.listed import Listed, read
from origin.multivariant_rules import judge_multivariant
from origin.playlist_rules import judge
from origin.self_check import Follower, judge_together
from support.eventually import until_listed
from support.hls_durations import judge_durations, keyframes
from support.hls_merge import merge, with_its_own_version
from support.hls_strict import check
from support.processes import NodeProcess, children, node, obeyed, publishing


@dataclass
class Player:
    """Follows one media playlist with blocking reloads, fetches every hinted part before it exists."""

    http: aiohttp.ClientSession
    url: str
    follower: Follower = field(default_factory=Follower)
    complaints: list[str] = field(default_factory=list)
    init: dict[str, bytes] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    versions: int = 0
    updates: int = 0
    text: str = ""

    async def follow(self) -> None:
        """Until the playlist has an end."""
        await self._load("")
        while "ENDLIST" not in self.follower.last.single:
            listed = self.follower.last
            hint = listed.hints[0]["URI"].strip('"')
            msn, part = self._next(listed)
            answers = await asyncio.gather(self._load(f"?_HLS_msn={msn}&_HLS_part={part}"), self._fetch(hint))
            if answers[1] is not None:
                self.media[hint] = answers[1]

    def _next(self, listed: Listed) -> tuple[int, int]:
        if listed.open is not None:
            return listed.open.msn, len(listed.open.parts)
        return listed.segments[-1].msn + 1, 0

    async def _load(self, query: str) -> None:
        """The next version; every other one is asked for as an update of the version before."""
        skips = query != "" and self.versions % 2 == 1
        text = await self._playlist(f"{query}&_HLS_skip=YES" if skips else query)
        self.complaints += [f"{self.url} version {self.versions}: hls-parser: {each}" for each in check(text)]
        if "#EXT-X-SKIP" in text:
            self.updates += 1
            text = with_its_own_version(merge(self.text, text))
            self.complaints += [f"{self.url} version {self.versions}, merged: {each}" for each in check(text)]
        self.versions += 1
        self.text = text
        self.complaints += [f"{self.url} version {self.versions}: {each}" for each in self.follower.see(text)]
        for segment in self.follower.last.all_segments:
            if segment.map_uri and segment.map_uri not in self.init:
                self.init[segment.map_uri] = await self._fetch(segment.map_uri) or b""
            if segment.uri and segment.uri not in self.media and not segment.gap:
                self.media[segment.uri] = await self._fetch(segment.uri) or b""

    async def _playlist(self, query: str) -> str:
        """Asked for again when nothing new came in time, as players do."""
        async with asyncio.timeout(60):
            while True:
                async with self.http.get(self.url + query) as answer:
                    text = await answer.text()
                    assert answer.status in {200, 503}, text
                    if answer.status == 200:
                        return text

    async def _fetch(self, uri: str) -> bytes | None:
        """The bytes; None for a hint that was given up."""
        async with self.http.get(urljoin(self.url, uri)) as answer:
            assert answer.status in {200, 404, 503}, f"{uri}: {answer.status}"
            return await answer.read() if answer.status == 200 else None


async def players_of(http: aiohttp.ClientSession, url: str) -> list[Player]:
    """One for each media playlist of a multivariant playlist, which is judged too."""
    async with http.get(url) as answer:
        text = await answer.text()
        assert answer.status == 200, text
    assert judge_multivariant(text) == []
    assert check(text) == []
    uris = [line for line in text.splitlines() if line and not line.startswith("#")]
    uris += [line.partition('URI="')[2].partition('"')[0] for line in text.splitlines() if "TYPE=AUDIO" in line]
    return [Player(http, urljoin(url, uri)) for uri in uris]


async def judge_iframes(player: Player) -> list[str]:
    """What is wrong with the I-frames of an ended video rendition: the list of them, and each as a decoder sees it."""
    async with player.http.get(urljoin(player.url, "iframes.m3u8")) as answer:
        text = await answer.text()
        assert answer.status == 200, text
    listed = read(text)
    complaints = [*judge(listed), *check(text)]
    whole = {each.msn: each for each in player.follower.last.segments}
    for segment in listed.segments:
        if segment.gap:
            if not whole[segment.msn].gap:
                complaints.append(f"{segment.uri} is missing, but its segment is not")
            continue
        data = await player._fetch(segment.uri)
        assert data is not None, segment.uri
        frames = keyframes(player.init[segment.map_uri] + data)
        if frames != 1:
            complaints.append(f"{segment.uri} holds {frames} key frames")
    if [each.msn for each in listed.segments] != list(whole):
        complaints.append("I-frames are not those of the segments")
    return complaints


async def follow_to_the_end(serving: NodeProcess, stream: str, *, kill_worker: bool = False) -> list[Player]:
    """Publish for some seconds and follow everything."""
    browser = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30), connector=aiohttp.TCPConnector(limit=0))
    async with browser as http, publishing("test", serving.whip(stream), "--seconds", "14"):
        await until_listed(http, serving.hls(stream))
        players = await players_of(http, serving.hls(stream))
        following = asyncio.gather(*(player.follow() for player in players))
        if kill_worker:
            await asyncio.sleep(4)  # somewhere in the middle of it
            os.kill(children(serving.pid)[0], signal.SIGKILL)
        await following
        for player in players:
            if "audio" not in player.url:
                player.complaints += await judge_iframes(player)
        await obeyed(serving)
    return players


def judge_all(players: list[Player]) -> list[str]:
    """Everything that was wrong."""
    complaints = [complaint for player in players for complaint in player.complaints]
    for player in players:
        complaints += judge_durations(player.follower.last, player.init, player.media)
    return complaints + judge_together({player.url: player.follower.last for player in players})


@pytest.mark.parametrize("profile", ["standard", "ultra"])
async def test_no_version_of_any_playlist_breaks_a_rule(profile: str) -> None:
    async with node("--profile", profile) as serving:
        players = await follow_to_the_end(serving, "conforming")
    assert len(players) == 4
    assert judge_all(players) == []
    for player in players:
        assert player.versions >= 20
        assert player.updates >= (10 if profile == "ultra" else 0), "the boundary is at six target durations"
        hinted = [uri for uri in player.media if uri.startswith("p")]
        assert len(hinted) >= 15
        segments = [segment for segment in player.follower.last.segments if segment.uri in player.media]
        assert not any(segment.discontinuity for segment in segments)


async def test_no_rule_is_broken_when_a_worker_is_replaced() -> None:
    async with node("--profile", "ultra") as serving:
        players = await follow_to_the_end(serving, "replaced", kill_worker=True)
    assert judge_all(players) == []
    for player in players:
        assert sum(segment.discontinuity for segment in player.follower.last.segments) == 1
