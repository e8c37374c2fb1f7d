"""The one place where a gateway is built: settings and site in, a running server out. Called by ``__main__``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vigie_contract import topics
from vigie_contract.alerts import encode_alerts
from vigie_contract.clock import Clock, SystemClock
from vigie_contract.service import notify, watchdog_interval_s
from vigie_dashboard.notices import SessionView
from vigie_dashboard.pages import board_fields
from vigie_gateway.alerts.beacon import Beacon
from vigie_gateway.alerts.building import Alerts, build_alerts
from vigie_gateway.alerts.sensing import Sensing
from vigie_gateway.alerts.signals import Signal
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.server import build
from vigie_gateway.api.serving import Secured, Server, Tls, bound
from vigie_gateway.auth.access import Access
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.calendars.feeds import Calendars
from vigie_gateway.capacity.answer import Answer
from vigie_gateway.capacity.question import Question
from vigie_gateway.clock import word
from vigie_gateway.clock.vouching import Vouching
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.health import Health
from vigie_gateway.home_assistant.announcement import BIRTH_TOPIC, Announcement, Place, announcement
from vigie_gateway.home_assistant.announcer import Announcer
from vigie_gateway.housekeeping import Housekeeping
from vigie_gateway.ingest.bus import Bus
from vigie_gateway.ingest.desk import Desk
from vigie_gateway.ingest.device_bus import DeviceBus
from vigie_gateway.ingest.device_ingest import DeviceIngest
from vigie_gateway.ingest.device_readings import DeviceReadings
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.live import Live
from vigie_gateway.machine import Machine
from vigie_gateway.notify.notifier_file import NO_NOTIFIERS, NotifierFile
from vigie_gateway.notify.notifiers.mqtt_lamp import MqttLamp
from vigie_gateway.notify.roll import Roll
from vigie_gateway.notify.telling import build_telling
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import Site
from vigie_gateway.registry.registry import Registry
from vigie_gateway.rehearsals.rehearsals import Rehearsals
from vigie_gateway.rereading import Rereading
from vigie_gateway.sessions.checks import SessionChecks
from vigie_gateway.sessions.forecast_log import ForecastLog
from vigie_gateway.sessions.observation import Observer
from vigie_gateway.settings import HttpSettings, Settings
from vigie_gateway.setup.address import AddressError, address_of
from vigie_gateway.setup.place_setup import PlaceSetup, place_setup
from vigie_gateway.setup.unset import read_place
from vigie_gateway.store import Store, open_store
from vigie_gateway.store.copies import DailyCopies
from vigie_gateway.store.influxdb.older import OlderReadings
from vigie_gateway.store.influxdb.sink import Sink
from vigie_gateway.store.sqlite import SqliteStore
from vigie_gateway.store.upkeep import Upkeep
from vigie_gateway.supply.supplies import Supplies

log = logging.getLogger(__name__)

OPEN_FILES = 4_096
"""Streams, requests and the database's own. A shell's usual 1,024 would refuse the thousandth viewer; the systemd unit
says the same number."""


class ListenError(Exception):
    """The pages' address is taken or cannot be used; one line for a person."""


@dataclass(frozen=True, slots=True)
class _Lasting:
    """What stays open when the gateway goes on with another place."""

    settings: Settings
    clock: Clock
    listener: socket.socket
    secured: Secured | None
    store: SqliteStore
    refusals: Refusals
    watch: ClockWatch
    access: Access
    setup: PlaceSetup
    told_by: NotifierFile
    devices: DeviceIngest | None

    @property
    def database(self) -> Path:
        """The store's file."""
        return Path(self.settings.store.path)

    @property
    def registry(self) -> Registry | None:
        """Of devices of others; None where none are listened to."""
        return None if self.devices is None else self.devices.registry


def run(settings: Settings, site_path: Path, site: Site, clock: Clock, told_by: NotifierFile = NO_NOTIFIERS) -> None:
    """Serve the place, and what its file says when it is read again, until SIGTERM or SIGINT.

    Args:
        settings: Of this gateway.
        site_path: The place's file, there or not.
        site: What it says; ``unset_site`` where it is not there.
        clock: The time.
        told_by: Ways of telling people that this machine has.

    Raises:
        ListenError: The port is taken.
        StoreError: The database cannot be opened.
        AccountError: The accounts cannot be opened.
        OSError: The password file cannot be read.
    """
    _allow_open_files()
    path = Path(settings.store.path)
    rereading = Rereading(lambda: read_place(site_path, path.parent))
    listener = _listen(settings.http.host, settings.http.port)
    with contextlib.ExitStack() as stack:
        stack.callback(listener.close)
        store = open_store(path, clock, settings.store.ballast_mb << 20)
        stack.callback(store.close)
        access = _access(settings, stack)
        lasting = _Lasting(
            settings,
            clock,
            listener,
            _secure(settings.http, stack),
            store,
            Refusals(),
            _watch(clock, path, store),
            access,
            place_setup(site_path, path.parent, access.accounts, rereading.ask),
            told_by,
            _hear_devices(settings, clock, stack),
        )
        listener.listen()  # whoever comes from now on, or while a place follows another, waits and is answered
        _welcome(lasting)
        following: Site | None = site
        with rereading.signals():
            while following is not None:
                _serve_place(lasting, following, rereading)
                following = rereading.following()
        notify("STOPPING=1")


def _welcome(lasting: _Lasting) -> None:
    """Where nothing is set up yet, say where to begin. The log keeps the address; it is of use for half an hour."""
    setup = lasting.setup
    if setup.file.path.exists():
        return
    port = lasting.listener.getsockname()[1]
    if setup.address.administrators():
        log.info("no place yet: sign in and open /setup (%s is not there)", setup.file.path)
        return
    try:
        where = address_of(lasting.settings.http, port, setup.address.issue())
    except (AddressError, OSError, ValueError) as error:
        log.warning("no place yet, and no set-up address: %s", error)
        return
    log.info("no place yet: set it up at %s (once, within half an hour; setup-address prints another)", where)


def _serve_place(lasting: _Lasting, site: Site, rereading: Rereading) -> None:
    """Build all that depends on the place, serve it, take it down: what was taken is committed by then."""
    settings, clock, store, watch, refusals = (
        lasting.settings, lasting.clock, lasting.store, lasting.watch, lasting.refusals,
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        board = Board(site, clock)
        board.set_clock(is_known=watch.is_known, step_s=0.0)
        told_at = topics.alerts(site.id, settings.name)
        bus = Bus(settings.broker, site.id, clock, refusals, will=(told_at, encode_alerts(None)))

        def fields(lang: str) -> dict[str, str]:
            return board_fields(board.view(clock.now_ts()), lang)

        live = Live(fields, clock.now_ts)
        desk = Desk(site, store, board, clock, watch, live.poke)
        rehearsals = Rehearsals(site, store, board, clock, watch, bus.command, live.poke, time.monotonic)
        readings = _readings_of_devices(lasting, site, board)
        pipeline = Pipeline(
            name=settings.name,
            site=site.id,
            bus=bus,
            store=store,
            board=board,
            clock=clock,
            watch=watch,
            desk=desk,
            rehearsals=rehearsals,
            refusals=refusals,
            commit_interval_s=settings.store.commit_interval_s,
            on_change=live.poke,
            monotonic=time.monotonic,
            devices=readings,
        )
        supplies = Supplies(site, store, board, clock)
        housekeeping = Housekeeping(board, store, pipeline, clock, supplies.refresh)
        sink = Sink(store, settings.influxdb, site.id, clock) if settings.influxdb.url else None
        copies = DailyCopies(settings.store.copies_folder(), settings.store.copies_kept)

        def on_probe(takes_writes: bool) -> None:
            board.is_recording = takes_writes and pipeline.store_trouble is None
            live.poke()

        upkeep = Upkeep(store, lasting.database, copies, clock, watch, site.zone(), on_probe)
        calendars = Calendars(site, lasting.database.parent / "calendars", clock, board, live.poke)

        def answer(question: Question, session: SessionView) -> Answer:
            return gateway.answer(question, session=session)

        forecasts = ForecastLog(lasting.database.with_name("forecasts.db"))
        stack.callback(forecasts.close)
        checks = SessionChecks(board, clock, answer, Observer(board, store).outcome, forecasts, live.poke)
        machine = Machine(lasting.database.parent)
        sensing = Sensing(board, bus, pipeline, watch, machine, clock)

        def sense(now_ts: float) -> list[Signal]:
            return [*sensing.signals(now_ts), *telling.signals()]

        alerts = build_alerts(
            site,
            lasting.database.parent,
            store,
            board,
            sense,
            watch,
            clock,
            lambda: _each(live.poke, telling.refresh),
            lambda: telling.senders.wake(),  # noqa: PLW0108 - the senders are made after, of the same outbox
            remote=[notifier.name for notifier in lasting.told_by.notifiers if not notifier.is_local],
            by_broker=lasting.told_by.lamps,
            after_round=lambda: telling.refresh(),  # noqa: PLW0108 - made after, of the same outbox
        )
        stack.callback(alerts.close)
        upkeep.at_night = alerts.book.expire
        telling = build_telling(
            lasting.told_by,
            alerts.outbox,
            clock,
            lamps=_lamps(lasting.told_by, bus, alerts),
            beacon=Beacon(told_at, bus, alerts.firing, time.monotonic),
            people=alerts.people,
            compose=alerts.words.compose,
            is_cut_off=alerts.is_cut_off,
            show=live.poke,
            counters={"ingest": lambda: pipeline.progress_mono, "alerts": lambda: alerts.watch.rounds},
            is_sound={"store": lambda: pipeline.store_trouble is None},
        )
        health = Health(
            bus,
            pipeline,
            live,
            refusals,
            calendars,
            clock,
            watch,
            upkeep,
            machine,
            sink,
            checks=checks,
            alerts=alerts,
            telling=telling,
            home_assistant=_tell_home_assistant(settings, site, board, bus, live, stack),
            devices=lasting.devices,
        )
        pipeline.start()
        stack.callback(pipeline.stop)
        _attach(lasting.devices, readings, stack)
        housekeeping.start()
        stack.callback(housekeeping.stop)
        if sink is not None:
            sink.start()
            stack.callback(sink.stop)
        for reader in (upkeep, calendars):
            reader.start()
            stack.callback(reader.stop)
        bus.start()

        def vouch() -> str:
            return Vouching(lasting.database, clock).vouch(None, is_forced=False)

        gateway = Gateway(
            site,
            clock,
            store,
            board,
            live,
            health,
            lasting.access,
            vouch,
            lasting.setup,
            _older(settings, site, clock),
            desk=desk,
            supplies=supplies,
            forecasts=forecasts,
            rehearsals=rehearsals,
            alerts=alerts.desk,
            roll=Roll.of(site, alerts, telling, clock),
            devices=lasting.registry,
        )
        for part in (telling, alerts.watch, checks):
            part.start()
            stack.callback(part.stop)
        _serve(gateway, lasting, rereading)


def _tell_home_assistant(
    settings: Settings, site: Site, board: Board, bus: Bus, live: Live, stack: contextlib.ExitStack
) -> Announcer | None:
    if not settings.home_assistant.enabled:
        return None
    lang = settings.home_assistant.language or site.languages[0]

    def look() -> Announcement:
        now_ts = board.now_ts()
        return announcement(site.id, settings.name, lang, Place(board.view(now_ts), board.room_powers(now_ts)))

    home = Announcer(bus, look, time.monotonic)
    bus.hear(BIRTH_TOPIC, home.hear)
    live.followers.append(home.poke)
    home.start()
    stack.callback(home.stop)
    return home


def _hear_devices(settings: Settings, clock: Clock, stack: contextlib.ExitStack) -> DeviceIngest | None:
    """Listen to devices of others, whatever the place is: what they said stays known when another follows it."""
    if not settings.devices.is_on:
        return None
    registry = Registry(settings.devices_path())
    stack.callback(registry.close)
    wanted = settings.devices
    decoding = Decoding(wanted.discovery, wanted.zigbee2mqtt, wanted.families)
    refusals = Refusals()  # of their own: what strangers send is no fault of the place
    bus = DeviceBus(settings.devices_broker(), decoding.filters, clock, refusals)
    ingest = DeviceIngest(bus, decoding, registry, refusals)
    ingest.start()
    stack.callback(ingest.stop)
    return ingest


def _readings_of_devices(lasting: _Lasting, site: Site, board: Board) -> DeviceReadings | None:
    devices = lasting.devices
    if devices is None:
        return None
    return DeviceReadings(
        site, lasting.store, board, lasting.clock, lasting.watch, devices.refusals, devices.registry, devices
    )


def _attach(devices: DeviceIngest | None, readings: DeviceReadings | None, stack: contextlib.ExitStack) -> None:
    """Take what devices say while this place is served: it is on the disk when the pipeline has stopped."""
    if devices is not None and readings is not None:
        devices.attach(readings)
        stack.callback(devices.detach)


def _lamps(told_by: NotifierFile, bus: Bus, alerts: Alerts) -> list[MqttLamp]:
    return [
        MqttLamp(name, lamp.commands(), bus.say, alerts.calls, time.monotonic) for name, lamp in told_by.lamps.items()
    ]


def _each(*calls: Callable[[], None]) -> None:
    for call in calls:
        call()


def _older(settings: Settings, site: Site, clock: Clock) -> OlderReadings | None:
    return OlderReadings(settings.influxdb, site.id, clock) if settings.influxdb.url else None


def _access(settings: Settings, stack: contextlib.ExitStack) -> Access:
    accounts = Accounts(settings.accounts_path())
    stack.callback(accounts.close)
    http = settings.http
    # By the machine's own clock: in a simulated day, which may run fast, people sign in for a real while.
    return Access(
        accounts, SystemClock(), Role(http.local_role), proxy=http.proxy, allows_plain=http.sign_in_without_tls
    )


def _watch(clock: Clock, database: Path, store: Store) -> ClockWatch:
    """The eye on the clock; of a simulated day, which is always right, no word is kept."""
    is_real = isinstance(clock, SystemClock)
    return ClockWatch(
        clock,
        word.path_beside(database) if is_real else None,
        lambda: max((sample.at_ts for sample in store.latest().values()), default=None),
        boot=word.boot_id() if is_real else "",
    )


def _serve(gateway: Gateway, lasting: _Lasting, rereading: Rereading) -> None:
    hosts = {"localhost", *lasting.settings.http.names}
    server = Server(build(gateway, hosts), gateway.live, rereading.stop, secured=lasting.secured)
    rereading.serving(server.end)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        # The server closes what it listens on: it has a copy of the socket, so that whoever comes meanwhile waits.
        runner.run(_run_server(server, gateway.health, lasting.listener.dup()))


async def _run_server(server: Server, health: Health, listener: socket.socket) -> None:
    watchdog = asyncio.create_task(_feed_watchdog(server, health))
    try:
        await server.serve(sockets=[listener])
    finally:
        watchdog.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watchdog


async def _feed_watchdog(server: Server, health: Health) -> None:
    while not server.started:  # noqa: ASYNC110 - the server tells it by this flag alone
        await asyncio.sleep(0.02)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    log.info("board: http://%s:%d/board", f"[{host}]" if ":" in host else host, port)
    notify("READY=1", f"STATUS=serving on port {port}")
    interval_s = watchdog_interval_s()
    while interval_s is not None:
        if health.is_progressing():
            notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _secure(http: HttpSettings, stack: contextlib.ExitStack) -> Secured | None:
    if http.certificate_file is None or http.key_file is None:
        return None
    listener = stack.enter_context(_listen(http.host, http.https_port, "http.https_port"))
    listener.listen()
    try:
        secured = Secured(listener, Tls(http.certificate_file, http.key_file))
    except OSError as error:
        files = f"http.certificate_file {http.certificate_file} with http.key_file {http.key_file}"
        raise ListenError(f"{files} cannot be used: {error.strerror or error}") from error
    log.info("pages with HTTPS: port %d of %s", listener.getsockname()[1], http.host)
    return secured


def _listen(host: str, port: int, key: str = "http.port") -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound(listener)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ListenError(
            f"{key} {port} on {host} cannot be used ({error.strerror}): choose another, or stop what uses it"
        ) from error
    return listener
