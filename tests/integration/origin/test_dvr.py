"""A list that is longer than memory: older segments come from the store."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from infra.clock import SystemClock
from infra.ids import RenditionName, SessionId, StreamName
from infra.settings import Settings
from origin.errors import DvrRefused
from origin.hub import OriginHub
from origin.listed import read
from origin.playlist_rules import judge
from origin.storage.filesystem import FolderStore
from origin.storage.memory import MemoryStore
from origin.storage.write_behind import WriteBehind
from origin.window import Window
from support.cmaf_pusher import made_up_video
from support.eventually import eventually
from support.origin_server import OriginServer, origin_server

LIST = "/live/cat/s1/720p/index.m3u8"
DVR: dict[str, Any] = {"window_s": 12, "dvr_window_s": 80}
LIVE = 6  # segments of twelve seconds


class Gated(FolderStore):
    """A store that takes segments when it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.open = asyncio.Event()
        self.open.set()
        self.reads: list[str] = []

    async def put(self, key: str, data: bytes) -> None:
        if key.endswith(".m4s"):
            await self.open.wait()
        await super().put(key, data)

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        self.reads.append(key)
        return await super().get(key, start, stop)


def window_of(server: OriginServer) -> Window:
    window = server.hub.live(StreamName("cat"), SessionId("s1")).core.renditions[RenditionName("720p")].window
    assert window is not None
    return window


def held(server: OriginServer) -> list[int]:
    """The listed segments whose bytes are in memory."""
    return [each.msn for each in window_of(server).segments if each.data]


async def everything_listed_is_served(server: OriginServer) -> int:
    listed = read(await server.listed(LIST))
    assert judge(listed) == []
    source = made_up_video()
    expected = [b"".join(source.parts(6)) for _ in listed.segments]
    answers = await asyncio.gather(*(server.get(LIST.replace("index.m3u8", each.uri)) for each in listed.segments))
    assert [answer.status for answer in answers] == [200] * len(expected)
    assert [answer.body for answer in answers] == expected
    return len(expected)


async def test_a_long_list_is_served_from_memory_and_the_store_together(tmp_path: Path) -> None:
    store = Gated(tmp_path)
    async with origin_server(store=store, settings=Settings.model_validate(DVR)) as server:
        await server.push("720p", made_up_video(), 6 * 30 + 1)
        await eventually(lambda: window_of(server).next_msn == 31 and len(held(server)) == LIVE)
        assert held(server) == list(range(30 - LIVE, 30))
        assert await everything_listed_is_served(server) == 30
        assert {key.rpartition("/")[2] for key in store.reads} == {f"s{msn}.m4s" for msn in range(30 - LIVE)}
        answer = await server.get(LIST.replace("index.m3u8", "s3.m4s"), Range="bytes=-5")
        assert (answer.status, len(answer.body)) == (206, 5)


async def test_what_the_store_has_not_taken_is_served_from_memory_and_goes_later(tmp_path: Path) -> None:
    store = Gated(tmp_path)
    store.open.clear()
    async with origin_server(store=store, settings=Settings.model_validate(DVR)) as server:
        await server.push("720p", made_up_video(), 6 * 20 + 1)
        await eventually(lambda: window_of(server).next_msn == 21)
        assert held(server) == list(range(20))
        assert await everything_listed_is_served(server) == 20
        store.open.set()
        while len(held(server)) > LIVE:
            assert await everything_listed_is_served(server) == 20


async def test_a_rewound_player_does_not_depend_on_the_store_for_what_is_live(tmp_path: Path) -> None:
    store = Gated(tmp_path)
    async with origin_server(store=store, settings=Settings.model_validate(DVR)) as server:
        await server.push("720p", made_up_video(), 6 * 10 + 1)
        await eventually(lambda: window_of(server).next_msn == 11 and len(held(server)) == LIVE)
        (tmp_path / "cat/s1/720p/s1.m4s").unlink()
        assert (await server.get(LIST.replace("index.m3u8", "s1.m4s"))).status == 404
        assert (await server.get(LIST.replace("index.m3u8", "s2.m4s"))).status == 200
        assert (await server.get(LIST.replace("index.m3u8", "s9.m4s"))).status == 200


async def test_a_store_that_forgets_has_no_long_list() -> None:
    with pytest.raises(DvrRefused, match="it needs a store that keeps"):
        OriginHub(Settings.model_validate(DVR), SystemClock(), WriteBehind(MemoryStore(SystemClock()), SystemClock()))
