"""What a person says is on the disk before they are told so, and counts go on from it through any restart."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import TUESDAY_1430_TS, ManualClock
from tests.gateway.conftest import Bench

from vigie_contract.messages import Channel
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.ingest import handover
from vigie_gateway.ingest.desk import Desk
from vigie_gateway.place.board import Board
from vigie_gateway.place.corrections import CorrectionError, Word
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.store import BY_HAND, Correction, Sample, StoreError, open_store
from vigie_gateway.store.sqlite import SqliteStore

SITE = """id = "place"
name = "Place"
timezone = "Europe/Paris"
[[rooms]]
id = "salle"
name = "Salle"
seats = 200
[[doors]]
id = "d"
between = ["outside", "salle"]
in = "n.in"
out = "n.out"
"""
DOOR = (Channel("in", "people_in", 10.0), Channel("out", "people_out", 10.0))


def enter(bench: Bench, word: Word, author: str = "lou") -> Correction:
    """Say something from another thread, while this one turns the ingest thread's rounds."""
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(bench.gateway.desk.enter, word, author)
        while not answer.done():
            bench.pipeline._round()
        return answer.result()


def test_who_is_answered_finds_it_on_the_disk_and_on_the_board(bench: Bench) -> None:
    said = enter(bench, Word("people", "atelier", 12, "counted"))
    assert bench.store.corrections.newest(1) == [replace(said, id=1)]
    assert bench.stored("people-atelier", BY_HAND) == [(said.at_ts, 12.0)]
    view = bench.board.view(bench.clock.now_ts())
    assert next(room.people for room in view.rooms if room.id == "atelier") == 12
    assert bench.changes


def test_each_word_tells_what_stood_before_it_and_none_is_of_the_same_moment(bench: Bench) -> None:
    said = [
        enter(bench, Word("people", "atelier", 12)),
        enter(bench, Word("people", "atelier", 7)),
        enter(bench, Word("closed", "atelier", 1, "leak")),
        enter(bench, Word("closed", "atelier", 0)),
    ]
    assert [(one.was, one.value) for one in said] == [(None, 12), (12, 7), (0, 1), (1, 0)]
    assert len({one.at_ts for one in said}) == 4


def test_a_disk_that_refuses_it_is_told_and_nothing_has_changed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise StoreError("vigie.db: could not commit: the disk is full")

    before = bench.board.view(bench.clock.now_ts())
    monkeypatch.setattr(bench.store, "commit", refuse)
    with pytest.raises(CorrectionError, match="the disk is full"):
        enter(bench, Word("people", "atelier", 12))
    assert bench.board.view(bench.clock.now_ts()) == before
    assert bench.store.corrections.newest(9) == []


def test_nothing_is_taken_while_the_time_is_not_known(bench: Bench, site: Site, tmp_path: Path) -> None:
    bench.clock.is_right = False
    watch = ClockWatch(bench.clock, tmp_path / "word.json", lambda: None, boot="boot-2", read_rtc=lambda: None)
    assert not watch.is_known
    desk = Desk(site, bench.store, bench.board, bench.clock, watch, lambda: None)
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(desk.enter, Word("people", "atelier", 12), "lou")
        while not answer.done():
            desk.serve()
    with pytest.raises(CorrectionError, match="clock is not known"):
        answer.result()


def test_who_got_no_turn_is_told_so_and_it_is_not_done_later(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PATIENCE_S", 0.01)
    with pytest.raises(CorrectionError, match="busy"):
        bench.gateway.desk.enter(Word("people", "atelier", 12), "lou")
    bench.pipeline._round()
    assert bench.store.corrections.newest(9) == []


def test_after_a_restart_what_was_said_is_no_node(bench: Bench) -> None:
    enter(bench, Word("people", "atelier", 12))
    bench.pipeline._load()
    assert BY_HAND not in bench.pipeline.nodes
    assert BY_HAND not in bench.gateway.health.report()["parts"]["nodes"]["by_id"]


class World:
    """A door, a person at the desk and a gateway that is started again and again."""

    def __init__(self, folder: Path) -> None:
        (folder / "site.toml").write_text(SITE)
        self.site = load_site(folder / "site.toml")
        self.path = folder / "vigie.db"
        self.clock = ManualClock(TUESDAY_1430_TS)
        self.counters = {"in": 0, "out": 0}
        self.start()
        self.pass_door(0, 0)

    def start(self) -> None:
        self.store: SqliteStore = open_store(self.path, self.clock)
        self.ids = {name: series.id for name, series in self.store.register("n", DOOR).items()}
        self.board = Board(self.site, self.clock)
        watch = ClockWatch(self.clock, None, lambda: None, boot="boot-1", read_rtc=lambda: None)
        self.desk = Desk(self.site, self.store, self.board, self.clock, watch, lambda: None)
        self.board.restore(self.store, self.clock.now_ts())

    def restart(self) -> None:
        self.store.close()
        self.start()

    def close(self) -> None:
        self.store.close()

    def pass_door(self, came_in: int, went_out: int) -> None:
        self.clock.pass_time(10)
        self.counters["in"] += came_in
        self.counters["out"] += went_out
        at_ts = self.clock.now_ts()
        for name, value in self.counters.items():
            self.store.commit([Sample(self.ids[name], at_ts, float(value))], {})
            self.board.take(f"n.{name}", at_ts, float(value), None)

    def say(self, people: int) -> None:
        self.clock.pass_time(1)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                self.desk.serve()

        thread = threading.Thread(target=serve)
        thread.start()
        self.desk.enter(Word("people", "salle", people), "lou")
        done.set()
        thread.join()

    def people(self) -> int | None:
        return self.board.stands("people", "salle", self.clock.now_ts())


_STEP = st.one_of(
    st.tuples(st.just("in"), st.integers(0, 9)),
    st.tuples(st.just("out"), st.integers(0, 9)),
    st.tuples(st.just("said"), st.integers(0, 60)),
    st.tuples(st.sampled_from(["restart", "restore", "door-restarted"]), st.just(0)),
)


@settings(max_examples=15)
@given(st.lists(_STEP, max_size=14))
def test_passages_corrections_and_restarts_in_any_order_give_the_count_of_a_simple_model(
    steps: list[tuple[str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(World(Path(folder))) as world:
        model = 0
        for what, number in steps:
            if what == "in":
                world.pass_door(number, 0)
                model += number
            elif what == "out":
                world.pass_door(0, min(number, model))
                model -= min(number, model)
            elif what == "said":
                world.say(number)
                model = number
            elif what == "door-restarted":
                world.counters = {"in": 0, "out": 0}
                world.pass_door(0, 0)
            elif what == "restart":
                world.restart()
            else:
                world.board.restore(world.store, world.clock.now_ts())
            assert world.people() == model
