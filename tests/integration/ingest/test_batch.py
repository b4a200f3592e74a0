"""Real sockets, real SRTP: what the far end unprotects is what was sent."""

import errno
import socket
from collections.abc import Iterator

import pytest
from pylibsrtp import Policy, Session

from ingest import batch
from ingest.batch import MAX_PLAIN_BYTES, MAX_REFUSALS, BatchSender
from ingest.rtp import HeaderWriter

KEY = bytes(range(30))
PROFILES = [Policy.SRTP_PROFILE_AES128_CM_SHA1_80, Policy.SRTP_PROFILE_AEAD_AES_128_GCM]


def session(ssrc_type: int, profile: int = Policy.SRTP_PROFILE_AES128_CM_SHA1_80) -> Session:
    policy = Policy(KEY, ssrc_type, srtp_profile=profile)
    policy.allow_repeat_tx = True
    return Session(policy)


def packets(*sizes: int) -> list[tuple[bytes, bytes]]:
    writer = HeaderWriter(96, 7, {4: b"0"})
    return [(writer.header(index, 3000, marker=False), bytes([index & 255]) * size) for index, size in enumerate(sizes)]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        far.bind(("127.0.0.1", 0))
        far.settimeout(5)
        near.setblocking(False)
        yield near, far


def received(far: socket.socket, count: int, unprotect: Session) -> list[bytes]:
    return [unprotect.unprotect(far.recv(2048)) for _ in range(count)]


def check_delivery(
    sender: BatchSender, far: socket.socket, sent: list[tuple[bytes, bytes]], profile: int = PROFILES[0]
) -> None:
    outbound = session(Policy.SSRC_ANY_OUTBOUND, profile)
    assert sender.send(outbound, far.getsockname(), sent) == 0
    assert received(far, len(sent), session(Policy.SSRC_ANY_INBOUND, profile)) == [
        header + payload for header, payload in sent
    ]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "sizes", [[], [100], [1100] * 5, [1100] * 5 + [300], [30, 1100, 1100, 7, 7, 900, 1000], [1150] * 150]
)
def test_all_sizes_arrive_in_order(ends: tuple[socket.socket, socket.socket], sizes: list[int], profile: int) -> None:
    near, far = ends
    check_delivery(BatchSender(near), far, packets(*sizes), profile)


def test_even_packets_are_one_system_call() -> None:
    class Counting:
        def __init__(self) -> None:
            self.calls: list[int] = []

        def sendmsg(self, buffers: list[memoryview], *_: object) -> int:
            self.calls.append(len(buffers[0]))
            return len(buffers[0])

    counting = Counting()
    sender = BatchSender(counting)  # type: ignore[arg-type]  # counts instead of sending
    assert sender.send(session(Policy.SSRC_ANY_OUTBOUND), ("127.0.0.1", 9), packets(*[1100] * 9, 400)) == 0
    assert len(counting.calls) == 1


class Refusing:
    """A socket whose segmented writes fail with an error."""

    def __init__(self, near: socket.socket, error: int) -> None:
        self._near, self._error, self.refused = near, error, 0

    def sendmsg(self, buffers: list[memoryview], control: list[object], *rest: object) -> int:
        if control:
            self.refused += 1
            raise OSError(self._error, "refused")
        return self._near.sendmsg(buffers, control, *rest)  # type: ignore[arg-type]


def test_without_segmentation_each_packet_goes_by_itself(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    refusing = Refusing(near, errno.EINVAL)
    sender = BatchSender(refusing)  # type: ignore[arg-type]  # a kernel without UDP_SEGMENT
    for _ in range(MAX_REFUSALS + 3):
        check_delivery(sender, far, packets(1000, 1000, 500))
    assert refusing.refused == MAX_REFUSALS


def test_a_full_socket_is_counted_and_not_waited_for(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    sender = BatchSender(Refusing(near, errno.EAGAIN))  # type: ignore[arg-type]  # full
    assert sender.send(session(Policy.SSRC_ANY_OUTBOUND), far.getsockname(), packets(900, 900, 900)) == 3
    near.close()
    assert BatchSender(near).send(session(Policy.SSRC_ANY_OUTBOUND), far.getsockname(), packets(900)) == 1


def test_packets_that_cannot_be_protected_are_lost_alone(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    sender = BatchSender(near)
    good = packets(800, 800)
    bad = [(good[0][0], bytes(MAX_PLAIN_BYTES)), (b"\x80", b"")]
    outbound = session(Policy.SSRC_ANY_OUTBOUND)
    assert sender.send(outbound, far.getsockname(), [good[0], *bad, good[1]]) == 2
    assert len(received(far, 2, session(Policy.SSRC_ANY_INBOUND))) == 2


def test_without_the_private_binding_the_public_one_serves(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "ffi", None)
    monkeypatch.setattr(batch, "lib", None)
    near, far = ends
    sender = BatchSender(near)
    check_delivery(sender, far, packets(1100, 1100, 200))
    assert sender.send(session(Policy.SSRC_ANY_OUTBOUND), far.getsockname(), [(b"\x80", b"")]) == 1
