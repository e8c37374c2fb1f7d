"""Whatever the server does, it gets every reading once, and nothing here waits for it."""

from __future__ import annotations

import re
import threading

import pytest
from tests.gateway.store.influxdb.conftest import CHANNELS, Place, turn
from tests.gateway.store.influxdb.servers import Answer, FaultyServer

from vigie_contract.messages import Channel
from vigie_gateway.broker import free_port
from vigie_gateway.store import Sample, cursors
from vigie_gateway.store.influxdb import FOLLOWER, batches
from vigie_gateway.store.influxdb.sink import BACKOFF_S, IDLE_S, MISCONFIGURED_S, Sink

OK = Answer()


def catches_up(place: Place, faulty: FaultyServer, sink: Sink) -> None:
    """The server works again: everything is there once, nothing was set aside, and the health report says so."""
    faulty.behaviour = lambda _: OK
    assert turn(sink) == IDLE_S
    assert faulty.taken == place.expected()
    report = sink.report()
    assert (report["status"], report["trouble"], report["waiting_readings"]) == ("pass", None, 0)
    assert report["set_aside"] == 0
    assert report["written_ts"] == place.clock.now


def pass_an_hour(place: Place, sink: Sink) -> list[float]:
    """An hour of readings, a minute apart, while the sink tries as often as it wants to; returns its waits."""
    waits = []
    end = place.clock.now + 3_600
    due = 0.0
    while place.clock.now < end:
        place.clock.pass_time(50)
        place.commit()
        if place.clock.now >= due:
            waits.append(turn(sink))
            due = place.clock.now + waits[-1]
    return waits


def test_every_reading_arrives_once_late_and_unknown_ones_too(place: Place, faulty: FaultyServer) -> None:
    sink = place.sink(faulty.url)
    place.commit(20)
    turn(sink)
    place.commit(5, late_s=86_400)
    place.committed.append(Sample(place.series[0], place.clock.now + 1, None, "failed"))
    place.store.commit(place.committed[-1:], {})
    catches_up(place, faulty, sink)
    path, headers, _ = faulty.requests[0]
    assert path.startswith("/api/v2/write?")
    assert "bucket=vigie" in path
    assert "precision=ms" in path
    assert headers["Content-Encoding"] == "gzip"


def test_what_was_there_before_the_sink_is_filled_in_of_retired_channels_too(
    place: Place, faulty: FaultyServer
) -> None:
    place.commit(30)
    place.seal()
    place.store.register("node", [Channel("plug", "current", 10.0), CHANNELS[1]])
    place.commit(3)
    sink = place.sink(faulty.url)
    assert sink.report()["is_filling"]
    catches_up(place, faulty, sink)
    assert not sink.report()["is_filling"]


def test_what_comes_while_it_is_filled_in_is_sent_after(place: Place, faulty: FaultyServer) -> None:
    place.commit(10)
    place.seal()
    sink = place.sink(faulty.url)
    while not faulty.taken:
        sink.turn()
    place.commit(3, late_s=86_400 * 2)
    place.seal()
    catches_up(place, faulty, sink)


def test_away_for_an_hour_it_catches_up(place: Place, faulty: FaultyServer) -> None:
    sink = place.sink(faulty.url)
    turn(sink)
    sink._settings = sink._settings.model_copy(update={"url": f"http://127.0.0.1:{free_port()}"})
    waits = pass_an_hour(place, sink)
    assert waits[:6] == list(BACKOFF_S)
    assert set(waits[6:]) == {BACKOFF_S[-1]}
    report = sink.report()
    assert report["status"] == "warn"
    assert "does not answer" in report["trouble"]
    assert report["waiting_readings"] == len(place.committed)
    assert report["waiting_since_ts"] == place.committed[0].at_ts
    sink._settings = sink._settings.model_copy(update={"url": faulty.url})
    catches_up(place, faulty, sink)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_cannot_now_is_asked_again_later(place: Place, faulty: FaultyServer, status: int) -> None:
    sink = place.sink(faulty.url)
    place.commit(3)
    faulty.behaviour = lambda _: Answer(status, {"message": "overloaded"})
    assert turn(sink) == BACKOFF_S[0]
    assert turn(sink) == BACKOFF_S[1]
    assert re.search(rf"answers {status}: overloaded", sink.report()["trouble"])
    catches_up(place, faulty, sink)


@pytest.mark.parametrize("answer", [Answer(200, {"page": "sign in"}), Answer(302, {}, {"Location": "/sign-in"})])
def test_a_captive_portal_is_not_taken_for_the_server(place: Place, faulty: FaultyServer, answer: Answer) -> None:
    sink = place.sink(faulty.url)
    place.commit(3)
    faulty.behaviour = lambda _: answer
    assert turn(sink) == BACKOFF_S[0]
    assert f"answers {answer.status}" in sink.report()["trouble"]
    assert sink.report()["written_readings"] == 0
    faulty.taken.clear()
    catches_up(place, faulty, sink)


def test_retry_after_is_followed_within_a_bound(place: Place, faulty: FaultyServer) -> None:
    sink = place.sink(faulty.url)
    place.commit(3)
    for said, waited_s in (("17", 17.0), ("86400", 300.0), ("Wed, 21 Oct 2026 07:28:00 GMT", BACKOFF_S[2])):
        faulty.behaviour = lambda _, said=said: Answer(429, {}, {"Retry-After": said})  # type: ignore[misc]  # bound now
        assert turn(sink) == waited_s
    catches_up(place, faulty, sink)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"code": "unauthorized", "message": "unauthorized access"}),
        (403, {"error": "forbidden"}),
        (404, {"code": "not found", "message": 'bucket "vigie" not found'}),
    ],
)
def test_a_wrong_token_or_bucket_is_said_and_nothing_is_set_aside(
    place: Place, faulty: FaultyServer, status: int, body: dict[str, str]
) -> None:
    sink = place.sink(faulty.url)
    place.commit(3)
    faulty.behaviour = lambda _: Answer(status, body)
    waits = pass_an_hour(place, sink)
    assert set(waits) == {MISCONFIGURED_S}
    trouble = sink.report()["trouble"]
    assert f"answers {status} for bucket 'vigie': {next(reversed(body.values()))}" in trouble
    catches_up(place, faulty, sink)


def test_a_missing_token_file_is_said_and_read_again(place: Place, faulty: FaultyServer) -> None:
    path = place.path.parent / "token"
    sink = place.sink(faulty.url, token_file=str(path))
    place.commit(1)
    assert turn(sink) == MISCONFIGURED_S
    assert str(path) in sink.report()["trouble"]
    path.write_text("s3cret\n")
    catches_up(place, faulty, sink)
    assert faulty.requests[-1][1]["Authorization"] == "Token s3cret"
    assert "s3cret" not in repr(sink.report())


def refusing(*bad: float) -> object:
    """Refuses what holds one of these values, as InfluxDB does: the whole request, for one line."""

    def behaviour(lines: list[str]) -> Answer:
        for line in lines:
            if any(f" value={value} " in line for value in bad):
                return Answer(400, {"code": "invalid", "message": f"partial write: {line.split(' ')[1]} dropped=1"})
        return OK

    return behaviour


def test_bad_rows_alone_are_set_aside_with_their_reason(place: Place, faulty: FaultyServer) -> None:
    sink = place.sink(faulty.url)
    place.commit(40)
    faulty.behaviour = refusing(8.0, 14.0)  # type: ignore[assignment]  # it is one
    assert turn(sink) == IDLE_S
    bad = {name for name, fields in place.expected().items() if fields in {"value=8.0", "value=14.0"}}
    assert len(bad) == 4
    sent = {name: fields for name, fields in faulty.taken.items() if not name[0].startswith("vigie_probe")}
    assert sent == {name: fields for name, fields in place.expected().items() if name not in bad}
    report = sink.report()
    assert (report["status"], report["set_aside"], report["trouble"]) == ("warn", 4, None)
    assert report["set_aside_last"].endswith("partial write: value=14.0 dropped=1")
    assert report["written_readings"] == len(place.expected()) - 4
    place.reopen()
    assert place.store.refused(FOLLOWER).count == 4


def test_a_server_that_refuses_even_what_is_right_gets_it_all_later(place: Place, faulty: FaultyServer) -> None:
    sink = place.sink(faulty.url)
    place.commit(10)
    faulty.behaviour = lambda _: Answer(400, {"message": "either org or orgID is required"})
    assert turn(sink) == MISCONFIGURED_S
    assert "refuses even what is right: either org" in sink.report()["trouble"]
    catches_up(place, faulty, sink)


def test_a_fault_while_bad_rows_are_looked_for_sets_none_aside_twice(place: Place, faulty: FaultyServer) -> None:
    sink = place.sink(faulty.url)
    place.commit(20)
    refuse, calls = refusing(8.0), []

    def tiring(lines: list[str]) -> Answer:
        calls.append(lines)
        if len(calls) % 7 == 0:
            return Answer(503)
        found: Answer = refuse(lines)  # type: ignore[operator]  # it is one
        return found

    faulty.behaviour = tiring
    for _ in range(50):
        if turn(sink) == IDLE_S:
            break
        if len(calls) > 40:
            faulty.behaviour = refuse  # type: ignore[assignment]  # it is one
    assert sink.report()["set_aside"] == 2
    assert len(faulty.taken) - 1 == len(place.expected()) - 2, "and the probe"


def test_an_answer_that_is_cut_off_is_no_answer(place: Place, faulty: FaultyServer) -> None:
    sink = place.sink(faulty.url)
    turn(sink)
    place.commit(5)
    faulty.behaviour = lambda _: Answer(204, is_cut=True)
    assert turn(sink) == BACKOFF_S[0]
    assert faulty.taken == place.expected(), "the server has it, and cannot say so"
    catches_up(place, faulty, sink)


def test_a_server_that_hangs_holds_up_neither_the_store_nor_the_end(place: Place, faulty: FaultyServer) -> None:
    held, began = threading.Event(), threading.Event()

    def hanging(_: list[str]) -> Answer:
        began.set()
        return Answer(held=held)

    faulty.behaviour = hanging
    place.commit(5)
    sink = place.sink(faulty.url, write_timeout_s=60.0)
    sink.start()
    try:
        assert began.wait(10)
        place.commit(5)
        place.seal()
        points = place.store.history(place.series[0], place.clock.now - 2 * 86_400, place.clock.now, 10)
        assert sum(point.coverage for point in points) > 0
        assert sink.report()["trouble"] is None
        sink.stop()
    finally:
        held.set()
    sink._thread.join()
    cursor = place.store.follow(FOLLOWER)
    assert cursor is not None
    assert cursor.fill is not None
    assert cursor.fill < (place.series[0], place.committed[0].at_ts * 1000), "what was not answered is not done"


def test_what_times_out_is_sent_again(place: Place, faulty: FaultyServer) -> None:
    held = threading.Event()
    place.commit(5)
    sink = place.sink(faulty.url)
    faulty.behaviour = lambda _: Answer(held=held)
    assert turn(sink) == BACKOFF_S[0]
    held.set()
    catches_up(place, faulty, sink)


def test_away_for_longer_than_the_log_holds_it_is_filled_in(
    place: Place, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "HELD_READINGS", 20)
    sink = place.sink(faulty.url)
    place.commit(5)
    turn(sink)
    faulty.behaviour = lambda _: Answer(503)
    for _ in range(4):
        place.commit(15, late_s=5 * 86_400)
        place.seal()
        sink.turn()
    catches_up(place, faulty, sink)


def test_days_away_and_sealed_meanwhile_it_goes_on_where_it_was(place: Place, faulty: FaultyServer) -> None:
    sink = place.sink(faulty.url)
    place.commit(5)
    turn(sink)
    before = len(faulty.requests)
    faulty.behaviour = lambda _: Answer(503)
    for _ in range(4):
        place.commit(15)
        place.seal()
        sink.turn()
    catches_up(place, faulty, sink)
    sent = [line for _, _, lines in faulty.requests[before + 4 :] for line in lines]
    assert len(sent) == 4 * 15 * 2, "and nothing that it had before"


def test_killed_anywhere_it_sends_again_what_overwrites_itself(
    place: Place, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_READINGS", 7)
    for number in range(6):
        place.commit(10)
        if number % 2:
            place.seal()
        sink = place.sink(faulty.url)
        for _ in range(number + 3):
            sink.turn()
        place.reopen(is_killed=True)
    catches_up(place, faulty, place.sink(faulty.url))
