"""A gateway in this process: real store, real board, real routes; only the broker's socket is left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.conftest import ManualClock

import vigie_gateway
from vigie_contract import topics
from vigie_contract.messages import ONLINE, Ack, Birth, Channel, decode_ack, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_dashboard.pages import board_fields
from vigie_gateway.alerts.building import Alerts, build_alerts
from vigie_gateway.alerts.sensing import Sensing
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.server import build
from vigie_gateway.auth.access import Access
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.calendars.feeds import Calendars
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.health import Health
from vigie_gateway.ingest.bus import Message
from vigie_gateway.ingest.desk import Desk
from vigie_gateway.ingest.drops import BrokerDrops
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.live import Live
from vigie_gateway.machine import Machine
from vigie_gateway.notify.notifier_file import NO_NOTIFIERS, NotifierFile
from vigie_gateway.notify.roll import Roll
from vigie_gateway.notify.telling import Telling, build_telling
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.rehearsals.rehearsals import Rehearsals
from vigie_gateway.sessions.checks import SessionChecks
from vigie_gateway.sessions.forecast_log import ForecastLog
from vigie_gateway.sessions.observation import Observer
from vigie_gateway.setup.place_setup import place_setup
from vigie_gateway.store import open_store
from vigie_gateway.store.copies import DailyCopies
from vigie_gateway.store.sqlite import SqliteStore
from vigie_gateway.store.upkeep import Upkeep
from vigie_gateway.supply.supplies import Supplies

SAMPLE_SITE = Path(vigie_gateway.__file__).parent / "sample" / "site.toml"
CHANNELS = (
    Channel("linky-va", "apparent_power", 10.0),
    Channel("c4-mains", "mains", 10.0),
    Channel("porte-atelier-in", "people_in", 10.0),
)


class BusInMemory:
    """What the pipeline uses of the bus, without a broker."""

    def __init__(self) -> None:
        self.waiting: deque[Message] = deque()
        self.published: list[tuple[str, bytes]] = []
        self.commands: list[tuple[str, bytes, int]] = []
        self.is_connected = True
        self.trouble: str | None = None
        self.drops = BrokerDrops()
        self.broker_version: str | None = None
        self.round_trip_s: float | None = None
        self.takeovers = 0

    def is_contested(self) -> bool:
        return self.takeovers > 0

    def get(self, timeout_s: float) -> Message | None:
        return self.waiting.popleft() if self.waiting else None

    def publish(self, topic: str, payload: bytes) -> None:
        self.published.append((topic, payload))

    def command(self, topic: str, payload: bytes, expires_s: int) -> bool:
        if self.is_connected:
            self.commands.append((topic, payload, expires_s))
        return self.is_connected

    def backlog(self) -> tuple[int, int]:
        return len(self.waiting), sum(len(message.payload) for message in self.waiting)

    def waiting_since_ts(self) -> float | None:
        return self.waiting[0].received_ts if self.waiting else None

    def stop(self) -> None:
        self.waiting.clear()


@dataclass
class Bench:
    """A gateway whose rounds a test turns by hand."""

    clock: ManualClock
    store: SqliteStore
    upkeep: Upkeep
    bus: BusInMemory
    refusals: Refusals
    board: Board
    pipeline: Pipeline
    gateway: Gateway
    checks: SessionChecks
    alerts: Alerts
    telling: Telling
    changes: list[float] = field(default_factory=list)

    def receive(self, topic: str, payload: bytes) -> None:
        """One message off the bus, and a round of the ingest thread."""
        self.bus.waiting.append(Message(topic, payload, self.clock.now))
        self.pipeline._round()

    def declare(self, node: str = "tableau", channels: Sequence[Channel] = CHANNELS) -> None:
        self.receive(topics.about("semaphore", node), encode_birth(Birth("test 1", "boot-1", tuple(channels))))
        self.receive(topics.status("semaphore", node), ONLINE)

    def send(
        self,
        *readings: Reading,
        first: int,
        floor: int = 1,
        node: str = "tableau",
        journal: str = "j1",
        last: int | None = None,
    ) -> None:
        quantities = {channel.id: QUANTITIES[channel.quantity] for channel in CHANNELS}
        pack = [(quantities[reading.channel], reading) for reading in readings]
        payload = encode_pack("semaphore", node, journal, first, floor, pack, last=last)
        self.receive(topics.data("semaphore", node), payload)

    def commit(self) -> None:
        """Let the commit interval go by."""
        self.clock.pass_time(11)
        self.pipeline._round()

    def acks(self) -> list[Ack]:
        return [decode_ack(payload) for _, payload in self.bus.published]

    def stored(self, channel: str, node: str = "tableau") -> list[tuple[float, float | None]]:
        series = next(found for found in self.store.series() if found.name == f"{node}.{channel}")
        return [(sample.at_ts, sample.value) for sample in self.store.samples(series.id, 0, self.clock.now + 1e6)]


@pytest.fixture
def site() -> Site:
    return load_site(SAMPLE_SITE)


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """Nobody's yet."""
    opened = Accounts(tmp_path / "accounts.db")
    yield opened
    opened.close()


@pytest.fixture
def bench(tmp_path: Path, clock: ManualClock, site: Site, accounts: Accounts) -> Iterator[Bench]:
    """A gateway of the sample place with an empty store."""
    store = open_store(tmp_path / "vigie.db", clock)
    made = make_bench(store, clock, site, accounts)
    yield made
    made.gateway.forecasts.close()
    made.alerts.close()
    store.close()


def make_bench(
    store: SqliteStore,
    clock: ManualClock,
    site: Site,
    accounts: Accounts,
    watch: ClockWatch | None = None,
    told_by: NotifierFile = NO_NOTIFIERS,
) -> Bench:
    bus, refusals, board = BusInMemory(), Refusals(), Board(site, clock)
    watch = watch or ClockWatch(clock, None, lambda: None, boot="boot-1", read_rtc=lambda: None)
    board.set_clock(is_known=watch.is_known, step_s=0.0)
    changes: list[float] = []
    live = Live(lambda lang: board_fields(board.view(clock.now_ts()), lang), clock.now_ts)
    desk = Desk(site, store, board, clock, watch, lambda: changes.append(clock.now_ts()))
    rehearsals = Rehearsals(
        site, store, board, clock, watch, bus.command, lambda: changes.append(clock.now_ts()), clock.now_mono
    )
    pipeline = Pipeline(
        name="main",
        site=site.id,
        bus=bus,  # type: ignore[arg-type] # the four methods that the pipeline calls
        store=store,
        board=board,
        clock=clock,
        watch=watch,
        desk=desk,
        rehearsals=rehearsals,
        refusals=refusals,
        commit_interval_s=10.0,
        on_change=lambda: changes.append(clock.now_ts()),
        monotonic=clock.now_mono,
    )
    pipeline._load()
    copies = DailyCopies(store.file.path.parent / "backups", 7)
    upkeep = Upkeep(store, store.file.path, copies, clock, watch, site.zone(), lambda _takes: None, clock.now_mono)
    access = Access(accounts, clock, Role.CONCIERGE, proxy=None, allows_plain=False)
    calendars = Calendars(site, Path(site.id), clock, board, lambda: changes.append(clock.now_ts()))
    here = Path(__file__).parent  # a disk, and no file of sysfs
    machine = Machine(here, sysfs=here)
    forecasts = ForecastLog(store.file.path.with_name("forecasts.db"))
    checks = SessionChecks(
        board,
        clock,
        lambda question, session: gateway.answer(question, session=session),
        Observer(board, store).outcome,
        forecasts,
        lambda: None,
    )
    folder = store.file.path.parent
    sensing = Sensing(board, bus, pipeline, watch, machine, clock, monotonic=clock.now_mono)
    alerts = build_alerts(
        site,
        folder,
        store,
        board,
        lambda now_ts: [*sensing.signals(now_ts), *telling.signals()],
        watch,
        clock,
        lambda: changes.append(clock.now_ts()),
        lambda: None,
        clock.now_mono,
        [one.name for one in told_by.notifiers if not one.is_local],
    )
    health = Health(
        bus,  # type: ignore[arg-type] # as above
        pipeline,
        live,
        refusals,
        calendars,
        clock,
        watch,
        upkeep,
        machine,
        checks=checks,
        alerts=alerts,
    )
    telling = build_telling(
        told_by,
        alerts.outbox,
        clock,
        people=alerts.people,
        compose=alerts.words.compose,
        is_cut_off=alerts.is_cut_off,
        show=lambda: changes.append(clock.now_ts()),
        counters={},
        is_sound={},
    )
    setup = place_setup(folder / "site.toml", folder, accounts, lambda: None)
    supplies = Supplies(site, store, board, clock)
    parts = (site, clock, store, board, live, health, access, lambda: None, setup)
    gateway = Gateway(
        *parts,
        desk=desk,
        supplies=supplies,
        forecasts=forecasts,
        rehearsals=rehearsals,
        alerts=alerts.desk,
        roll=Roll.of(site, alerts, telling, clock),
    )
    return Bench(clock, store, upkeep, bus, refusals, board, pipeline, gateway, checks, alerts, telling, changes)


@pytest.fixture
def client(bench: Bench) -> Iterator[TestClient]:
    """HTTP to the bench's gateway, in this process."""
    with TestClient(
        build(bench.gateway, {"testserver"}), raise_server_exceptions=False, client=("127.0.0.1", 4321)
    ) as found:
        yield found


def ask_from(bench: Bench, address: str, *, scheme: str = "http") -> TestClient:
    """A client at that address, which follows no redirection by itself."""
    app = build(bench.gateway, {"testserver"})
    return TestClient(app, f"{scheme}://testserver", client=(address, 4321), follow_redirects=False)
