"""Renditions that belong together are begun together."""

import asyncio

from infra.ids import RenditionName, SessionId, StreamName
from support.recording_origin import RecordingOrigin, recording_origin
from transcoder.publisher import Publisher

VIDEO, AUDIO = RenditionName("720p"), RenditionName("audio")


def publisher(origin: RecordingOrigin) -> Publisher:
    return Publisher(origin.target, StreamName("s"), SessionId("x"))


async def test_no_push_begins_before_the_first_bytes_of_all_expected_renditions() -> None:
    async with recording_origin() as origin, publisher(origin) as pushing:
        pushing.expect([VIDEO, AUDIO])
        pushing.put(VIDEO, b"init and part")
        for _ in range(20):
            await asyncio.sleep(0)
        assert origin.pushes == []
        pushing.put(AUDIO, b"init")
        await origin.until(lambda origin: origin.renditions() == {VIDEO, AUDIO} and bool(origin.of(AUDIO)[0].data))
        await pushing.finish()
        assert bytes(origin.of(VIDEO)[0].data) == b"init and part"
        assert all(push.ended_cleanly for push in origin.pushes)


async def test_a_rendition_that_does_not_come_is_not_waited_for_for_ever() -> None:
    async with recording_origin() as origin, publisher(origin) as pushing:
        pushing.expect([VIDEO, AUDIO])
        pushing.put(VIDEO, b"init")
        await origin.until(lambda origin: origin.renditions() == {VIDEO})
        pushing.put(AUDIO, b"late")
        await origin.until(lambda origin: origin.renditions() == {VIDEO, AUDIO})
        await pushing.finish()


async def test_what_is_held_at_the_end_is_sent_all_the_same() -> None:
    async with recording_origin() as origin, publisher(origin) as pushing:
        pushing.expect([VIDEO, AUDIO])
        pushing.put(VIDEO, b"short")
        await pushing.finish()
        assert bytes(origin.of(VIDEO)[0].data) == b"short"


async def test_without_expectations_a_push_begins_with_its_first_bytes() -> None:
    async with recording_origin() as origin, publisher(origin) as pushing:
        pushing.put(AUDIO, b"init")
        await origin.until(lambda origin: bool(origin.of(AUDIO)))
        await pushing.finish()
