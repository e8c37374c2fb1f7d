"""The ingest pipeline without threads, network and pages, turned by hand: for the protocol's model and ``wear``."""

from __future__ import annotations

from tests.conftest import ManualClock
from tests.gateway.conftest import BusInMemory

from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.ingest.desk import Desk
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import Site
from vigie_gateway.rehearsals.rehearsals import Rehearsals
from vigie_gateway.store import Store


def pipeline_alone(name: str, site: Site, store: Store, bus: BusInMemory, clock: ManualClock) -> Pipeline:
    """A gateway's pipeline as it is after its start, whose clock is known to be right."""
    watch = ClockWatch(clock, None, lambda: None, boot="boot-1", read_rtc=lambda: None)
    board = Board(site, clock)
    board.set_clock(is_known=watch.is_known, step_s=0.0)
    rehearsals = Rehearsals(site, store, board, clock, watch, bus.command, lambda: None, clock.now_mono)
    pipeline = Pipeline(
        name=name,
        site=site.id,
        bus=bus,  # type: ignore[arg-type] # the methods that the pipeline calls
        store=store,
        board=board,
        clock=clock,
        watch=watch,
        desk=Desk(site, store, board, clock, watch, lambda: None),
        rehearsals=rehearsals,
        refusals=Refusals(),
        commit_interval_s=10.0,
        on_change=lambda: None,
        monotonic=clock.now_mono,
    )
    pipeline._load()
    return pipeline
