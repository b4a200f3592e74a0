from ingest.serial import SerialExtender, serial_delta


def test_distance_is_the_shorter_way_round() -> None:
    assert serial_delta(2, 65535, 16) == 3
    assert serial_delta(65535, 2, 16) == -3
    assert serial_delta(0x8000, 0, 16) == -0x8000
    assert serial_delta(5, 2**32 - 5, 32) == 10


def test_extended_numbers_rise_over_a_wrap_and_late_ones_stay_below() -> None:
    extender = SerialExtender(16)
    assert extender.distance(7) == 0
    assert extender.extend(65534) == 65536 + 65534
    assert extender.extend(1) == 65536 * 2 + 1
    assert extender.extend(65535) == 65536 + 65535
    assert extender.highest == 65536 * 2 + 1
    assert extender.distance(3) == 2


def test_a_number_from_before_the_first_is_positive() -> None:
    extender = SerialExtender(16)
    extender.extend(3)
    assert extender.extend(65530) == 65530
