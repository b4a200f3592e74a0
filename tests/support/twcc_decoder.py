"""A reader of transport-wide feedback, written from the draft alone: the oracle of what `ingest.congestion` prints."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Feedback:
    sender_ssrc: int
    media_ssrc: int
    base: int
    count: int
    feedback_number: int
    arrivals_us: dict[int, int]  # by 16-bit number, modulo 2^24 * 64 ms
    missing: list[int]
    chunk_kinds: list[str]


def read_feedback(packet: bytes) -> Feedback:
    bits = "".join(f"{byte:08b}" for byte in packet)
    at = 0

    def take(length: int) -> int:
        nonlocal at
        value = int(bits[at : at + length], 2)
        at += length
        assert at <= len(bits)
        return value

    assert take(2) == 2
    padded = take(1)
    assert take(5) == 15
    assert take(8) == 205
    assert (take(16) + 1) * 4 == len(packet)
    sender, media, base, count = take(32), take(32), take(16), take(16)
    reference, number = take(24), take(8)
    symbols: list[int] = []
    kinds: list[str] = []
    while len(symbols) < count:
        if take(1) == 0:
            symbol, length = take(2), take(13)
            symbols += [symbol] * length
            kinds.append("run")
        elif take(1) == 0:
            symbols += [take(1) for _ in range(14)]
            kinds.append("one bit")
        else:
            symbols += [take(2) for _ in range(7)]
            kinds.append("two bits")
    assert all(symbol == 0 for symbol in symbols[count:])
    now_us = reference * 64_000
    arrivals: dict[int, int] = {}
    missing: list[int] = []
    for offset, symbol in enumerate(symbols[:count]):
        sequence = (base + offset) % 65536
        if symbol == 0:
            missing.append(sequence)
            continue
        assert symbol in (1, 2)
        if symbol == 1:
            delta = take(8)
        else:
            delta = take(16)
            delta -= 0x10000 if delta >= 0x8000 else 0
        now_us += delta * 250
        arrivals[sequence] = now_us
    rest = len(packet) - at // 8
    assert rest == (packet[-1] if padded else 0)
    assert rest < 4
    return Feedback(sender, media, base, count, number, arrivals, missing, kinds)
