"""A job is tried again, later and later, and then given up."""

import pytest

from infra.ids import SessionId, StreamName
from origin.after_jobs import MAX_ATTEMPTS, AfterJob, State, Task, parse_job, print_job

JOB = AfterJob(StreamName("cat"), SessionId("s1"), Task.MAKE)


def test_a_job_waits_is_worked_on_and_waits_again_when_it_failed() -> None:
    assert (JOB.state, JOB.retry_delay_s) == (State.WAITING, 0)
    assert JOB.begun().state is State.WORKING
    failed = JOB.begun().failed("the store is gone")
    assert (failed.state, failed.attempts, failed.why) == (State.WAITING, 1, "the store is gone")


def test_it_is_tried_again_later_and_later_and_then_given_up() -> None:
    job, delays_s = JOB, []
    while job.state is not State.FAILED:
        job = job.begun().failed("x")
        delays_s.append(job.retry_delay_s)
    assert job.attempts == MAX_ATTEMPTS
    assert delays_s == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_a_node_that_starts_tries_afresh_but_remembers_why() -> None:
    fresh = JOB.failed("x").begun().fresh()
    assert (fresh.state, fresh.attempts, fresh.why) == (State.WAITING, 0, "x")


def test_what_is_said_of_a_failure_is_bounded() -> None:
    assert len(JOB.failed("x" * 1000).why) == 300


def test_what_was_printed_is_parsed_as_it_was() -> None:
    assert parse_job(print_job(JOB.failed("x"))) == JOB.failed("x")
    with pytest.raises(ValueError, match="validation error"):
        parse_job(b"{}")
