from ingest.keyframes import INTERVAL_NS, KeyframeRequests


def test_the_first_wish_is_asked_for_at_once_and_many_are_one() -> None:
    requests = KeyframeRequests()
    assert not requests.due(0)
    requests.want()
    requests.want()
    assert requests.due(0)
    assert not requests.due(1)


def test_a_request_without_an_answer_is_repeated() -> None:
    requests = KeyframeRequests()
    requests.want()
    assert requests.due(0)
    assert not requests.due(INTERVAL_NS - 1)
    assert requests.due(INTERVAL_NS)


def test_a_wish_after_the_keyframe_waits_for_the_interval() -> None:
    requests = KeyframeRequests()
    requests.want()
    requests.due(0)
    requests.arrived()
    assert not requests.due(INTERVAL_NS)
    requests.want()
    assert requests.due(INTERVAL_NS)
