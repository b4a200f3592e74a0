from ingest.timestamps import LAG_MAX_NS, OutboundTimestamps

MS = 1_000_000
START = 1_700_000_000_000 * MS


def test_the_publishers_distances_are_kept_and_the_lag_is_told() -> None:
    timestamps = OutboundTimestamps(48_000)
    first = timestamps.map(2**32 - 960, START)
    assert first == START // MS * 48
    second = timestamps.map(0, START + 23 * MS)  # 20 ms of sound, captured 23 ms apart
    assert second - first == 960
    assert timestamps.lag_ticks == -3 * 48
    assert timestamps.exact(START + 23 * MS) - second == 3 * 48


def test_a_reconnect_goes_on_by_capture_time() -> None:
    timestamps = OutboundTimestamps(90_000)
    first = timestamps.map(1000, START)
    second = timestamps.map(3_000_000_000, START + 2000 * MS)
    assert second - first == 180_000
    assert timestamps.lag_ticks == 0


def test_a_large_lag_starts_anew_and_never_goes_back() -> None:
    timestamps = OutboundTimestamps(90_000)
    first = timestamps.map(0, START)
    ahead = timestamps.map(9000, START + 1)  # 100 ms of RTP time in no time: still kept
    assert ahead - first == LAG_MAX_NS * 90_000 // 1_000_000_000
    assert timestamps.map(18_000, START + 2) == ahead + 1


def test_pictures_in_decoding_order_keep_their_places() -> None:
    timestamps = OutboundTimestamps(90_000)
    first = timestamps.map(0, START)
    assert [timestamps.map(rtp, START + 33 * MS) - first for rtp in (6000, 3000)] == [6000, 3000]
