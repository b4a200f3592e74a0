"""FFmpeg, old and new, pushes CMAF to the intake as the document says; what viewers get is judged by the probe."""

import asyncio
import json
import shutil
from typing import Any

import aiohttp
import imageio_ffmpeg
import pytest

from support.ffmpeg import decode
from support.foreign_encoder import pushing
from support.processes import TANDEM, node, running

TOKEN = "a-token-for-the-encoder"


def programs() -> list[str]:
    debian = shutil.which("ffmpeg")
    assert debian, "ffmpeg is missing: make setup-test installs it"
    return [debian, imageio_ffmpeg.get_ffmpeg_exe()]


@pytest.mark.parametrize("program", programs(), ids=["debian", "newest"])
async def test_ffmpeg_pushes_with_the_documented_command(program: str) -> None:
    async with node("--encoder-token", TOKEN) as serving, aiohttp.ClientSession(serving.base_url) as http:
        async with pushing(program, serving.base_url, TOKEN, seconds=15) as encoder:
            await serving.program.says(lambda line: "push began" in line and "audio" in line)
            async with asyncio.timeout(30):
                while (stream := await described(http)) is None or stream["hls"] is None:
                    await asyncio.sleep(0.1)
            assert (stream["state"], stream["whep"], len(stream["renditions"])) == ("live", None, 2)
            async with running(TANDEM, "probe", serving.hls("film"), "--json", "--seconds", "5") as probe:
                assert await probe.ended() == 0
            report = json.loads("".join(line for line in probe.lines))
            assert report["problems"] == []
            assert {each["name"] for each in report["renditions"]} == {"360p", "audio"}
            code, complaints = await decode(serving.hls("film"), 3)
            assert (code, complaints) == (0, "")
            assert await encoder.ended() == 0
        assert [line for line in encoder.lines if "trailing CRLF" not in line] == []  # which it adds to a header itself
        await serving.program.says(lambda line: "session ended" in line)


async def described(http: aiohttp.ClientSession) -> dict[str, Any] | None:
    async with http.get("/api/streams") as response:
        streams = (await response.json())["streams"]
    return streams[0] if streams else None


async def test_ffmpeg_with_another_token_is_refused() -> None:
    async with node("--encoder-token", TOKEN) as serving:
        async with pushing(programs()[0], serving.base_url, "another-token-than-it", seconds=5) as encoder:
            assert await encoder.ended() != 0
        await serving.program.says(lambda line: "send the encoder token" in line)
        assert not any("session opened" in line for line in serving.program.lines)
