"""Reading ``sensors.toml``: which node this is, its broker, its journal and its sensors.

Called once by the command line, on the main thread, before anything is opened. Every problem of the file is found in
one pass and told at once; nothing starts on a file that has one. ``docs/configuration.md`` lists the keys.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vigie_contract.messages import MAX_CHANNELS, MAX_LABEL_CHARACTERS, Channel
from vigie_contract.quantities import QUANTITIES
from vigie_contract.toml_lines import line_of
from vigie_contract.topics import is_id
from vigie_sensors.driver import REQUIRED, DriverSpec, Option, SensorConfig
from vigie_sensors.option_values import blank, expectation, is_valid, nearest, shown
from vigie_sensors.registry import Registry
from vigie_sensors.rehearsal import settings as rehearsal_settings
from vigie_sensors.rehearsal.settings import FarEndConfig, RehearsalConfig

LONGEST_PERIOD_S = 86_400.0
"""A birth takes no longer period: a channel heard less than daily could not be told from a dead one."""
SHORTEST_PERIOD_S = 0.1
"""Lower would let a typing error fill the journal's 64 MB within hours."""

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the file.

    Attributes:
        file: Its path.
        line: From 1.
        key: Where, dotted: ``sensors[2].pin``; empty for the file as a whole.
        value: What was found, as a person would type it; None when nothing was.
        expected: What should be there.
    """

    file: str
    line: int
    key: str
    value: str | None
    expected: str

    def __str__(self) -> str:
        """``sensors.toml:12: sensors[2].pin is 99, expected a whole number from 0 to 27``."""
        place = f"{self.file}:{self.line}: "
        if not self.key:
            return f"{place}{self.expected}"
        found = "is missing" if self.value is None else f"is {self.value}"
        return f"{place}{self.key} {found}, expected {self.expected}"


class ConfigError(Exception):
    """The file cannot be used.

    Attributes:
        problems: All of them, in the order of the file's lines.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """Where the node publishes.

    Attributes:
        host: Name or address.
        port: TCP port.
        username: The node's id where the file names none; the broker's client id is the same.
        password_file: Holds the password on its first line; None for a broker that asks for none.
        ca_file: PEM of the authority that signed the broker's certificate; None for no TLS.
    """

    host: str
    port: int
    username: str
    password_file: Path | None
    ca_file: Path | None


@dataclass(frozen=True, slots=True)
class MirrorConfig:
    """A further broker that everything is published to.

    Attributes:
        broker: Where it is.
        gateways: Those that listen there; at least one.
    """

    broker: BrokerConfig
    gateways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JournalConfig:
    """Where and for how long readings are kept until a gateway has them.

    Attributes:
        directory: On the card.
        keep_days: What is older is let go.
        max_mb: The oldest is let go when there is more.
        young_directory: In memory, for what is young; None finds one.
    """

    directory: Path
    keep_days: float
    max_mb: float
    young_directory: Path | None = None


@dataclass(frozen=True, slots=True)
class SensorsConfig:
    """``sensors.toml``, checked.

    Attributes:
        path: The file it was read from.
        site: The site's id.
        node: This node's id.
        broker: Where to publish.
        journal: Where readings are kept.
        gateways: Those that listen at ``broker`` and whose acknowledgements free the journal; at least one.
        sensors: In the order of the file; at least one.
        channels: By sensor name, what each declares.
        simulation: The ``[simulation]`` table as it is; None on a real place.
        mirrors: Further brokers with gateways of their own; mostly none.
        rehearsal: Against whom it rehearses; None when it does not.
        far_end: Whom it serves as a far end; None when it does not.
    """

    path: Path
    site: str
    node: str
    broker: BrokerConfig
    journal: JournalConfig
    gateways: tuple[str, ...]
    sensors: tuple[SensorConfig, ...]
    channels: Mapping[str, tuple[Channel, ...]]
    simulation: Mapping[str, Any] | None
    mirrors: tuple[MirrorConfig, ...] = ()
    rehearsal: RehearsalConfig | None = None
    far_end: FarEndConfig | None = None

    @property
    def all_gateways(self) -> tuple[str, ...]:
        """Of every broker: what all of these have acknowledged is freed."""
        return self.gateways + tuple(gateway for mirror in self.mirrors for gateway in mirror.gateways)

    def by_broker(self) -> tuple[SensorsConfig, ...]:
        """The same node as each broker sees it: itself and the gateways that listen there."""
        places = (MirrorConfig(self.broker, self.gateways), *self.mirrors)
        return tuple(replace(self, broker=place.broker, gateways=place.gateways, mirrors=()) for place in places)


_ID = "1 to 32 characters of a-z, 0-9 and -"

_TOP = (
    Option("site", "str", "The site's id", REQUIRED),
    Option("node", "str", "This node's id, unique in the site", REQUIRED),
    Option("broker", "table", "Where to publish"),
    Option("journal", "table", "Where readings are kept"),
    Option("gateways", "list[str]", "Whose acknowledgements free the journal", ["main"]),
    Option("mirrors", "table", "One [[mirrors]] table for each further broker"),
    Option("sensors", "table", "One [[sensors]] table each"),
    Option("rehearsal", "table", "Against whom to rehearse a session"),
    Option("far_end", "table", "Serve the rehearsals of other nodes"),
    Option("simulation", "table", "Of the demo only"),
)
_BROKER = (
    Option("host", "str", "Name or address of the broker", REQUIRED),
    Option("port", "int", "TCP port", 1883, low=1, high=65_535),
    Option("username", "str", "The node's id where missing"),
    Option("password_file", "str", "File with the password on its first line"),
    Option("ca_file", "str", "PEM file of the certificate authority; TLS when set"),
)
_MIRROR = (
    *_BROKER,
    Option("gateways", "list[str]", "Those that listen there: their acknowledgements are needed too", REQUIRED),
)
_JOURNAL = (
    Option("directory", "str", "Folder of the journal", "/var/lib/vigie-sensors"),
    Option("keep_days", "float", "Readings nobody fetched are kept so long", 7.0, unit="d", low=0.01, high=3_650),
    Option("max_mb", "float", "And take at most so much room", 64.0, unit="MB", low=1, high=100_000),
    Option("young_directory", "str", "Folder in memory for readings of the last minute"),
)
_SENSOR = (
    Option("name", "str", "Unique in the file", REQUIRED),
    Option("driver", "str", "See vigie-sensors list", REQUIRED),
    Option("room", "str", "Room id of the site file"),
    Option("label", "str", "For a person", ""),
    Option("period_s", "float", "Seconds between readings", unit="s", low=SHORTEST_PERIOD_S, high=LONGEST_PERIOD_S),
)


def load_config(path: Path, registry: Registry, kinds: Collection[str] = ()) -> SensorsConfig:
    """Read and check the file.

    Args:
        path: Of ``sensors.toml``.
        registry: The drivers there are.
        kinds: Keep only sensors whose driver is of these kinds; empty keeps all. The others are not imported, and
            only their names and drivers are checked.

    Raises:
        ConfigError: With every problem.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise ConfigError([Problem(str(path), 1, "", None, f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([Problem(str(path), line, "", None, "is not UTF-8 text")]) from error
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError([_syntax_problem(path, text, error)]) from error
    reader = _Reader(path, text)
    config = reader.read(found, registry, frozenset(kinds))
    if reader.problems:
        raise ConfigError(reader.problems)
    return config


def _syntax_problem(path: Path, text: str, error: Exception) -> Problem:
    message = str(error) or "is nested too deeply"
    before, _, place = message.partition(" (at line ")
    number = place.partition(",")[0]
    line = int(number) if number.isdecimal() else text.count("\n") + 1
    return Problem(str(path), line, "", None, f"is no valid TOML: {before.removesuffix(' (at end of document)')}")


class _Reader:
    """One pass over one file, collecting problems."""

    def __init__(self, path: Path, text: str) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._text = text

    def read(self, found: dict[str, Any], registry: Registry, kinds: frozenset[str]) -> SensorsConfig:
        top = self._table(found, _TOP, ())
        site = self._identifier(top["site"], ("site",))
        node = self._identifier(top["node"], ("node",))
        sensors, channels = self._sensors(found.get("sensors"), registry, kinds)
        return SensorsConfig(
            path=self._path,
            site=site,
            node=node,
            broker=self._broker(top["broker"], node),
            journal=self._journal(top["journal"] or {}),
            gateways=self._gateways(top["gateways"], ()),
            sensors=sensors,
            channels=channels,
            simulation=top["simulation"],
            mirrors=self._mirrors(found.get("mirrors"), node, top["gateways"]),
            rehearsal=None if top["rehearsal"] is None else self._rehearsal(top["rehearsal"]),
            far_end=None if top["far_end"] is None else self._far_end(top["far_end"]),
        )

    def _rehearsal(self, found: Any) -> RehearsalConfig:
        path: _Path = ("rehearsal",)
        table = self._table(found, rehearsal_settings.REHEARSAL, path)
        ways = [bool(table["far_end"]), bool(table["download_url"] or table["upload_url"]), table["speedtest_net"]]
        if sum(ways) != 1:
            expected = "one of far_end, download_url with upload_url, or speedtest_net = true"
            self._complain(path, sum(ways) or None, expected)
        if table["far_end"] and table["secret_file"] is None:
            self._complain((*path, "secret_file"), None, "the file with the far end's secret")
        address: tuple[str, int] | None = None
        try:
            address = rehearsal_settings.host_and_port(table["far_end"]) if table["far_end"] else None
        except ValueError:
            self._complain((*path, "far_end"), table["far_end"], 'a host and a port, "192.168.1.20:8377"')
        return RehearsalConfig(
            address,
            self._readable(table["secret_file"], (*path, "secret_file")),
            self._url(table["download_url"] or "", (*path, "download_url"), is_needed=ways[1]),
            self._url(table["upload_url"] or "", (*path, "upload_url"), is_needed=ways[1]),
            table["speedtest_net"],
            table["interface"],
            tuple(self._identifier(room, (*path, "rooms", index)) for index, room in enumerate(table["rooms"])),
            rehearsal_settings.budget_bytes(table["monthly_mb"], is_metered=table["metered"]),
            round(table["most_mb"] * 1e6),
        )

    def _far_end(self, found: Any) -> FarEndConfig:
        path: _Path = ("far_end",)
        table = self._table(found, rehearsal_settings.FAR_END, path)
        secret_file = self._readable(table["secret_file"] or None, (*path, "secret_file"))
        return FarEndConfig(table["host"], table["port"], secret_file or Path())

    def _url(self, text: str, path: _Path, *, is_needed: bool) -> str:
        from vigie_sensors.http_fetch import check_url  # most nodes need no HTTP

        if text or is_needed:
            try:
                check_url(text, ("http", "https"))
            except ValueError:
                self._complain(path, text or None, "a URL, http://host/… or https://host/…")
        return text

    def _journal(self, found: Any) -> JournalConfig:
        journal = self._table(found, _JOURNAL, ("journal",))
        young = journal["young_directory"]
        return JournalConfig(
            self._file_path(journal["directory"]),
            journal["keep_days"],
            journal["max_mb"],
            None if young is None else self._file_path(young),
        )

    def _broker(self, found: Any, node: str) -> BrokerConfig:
        if found is None:
            self._complain(("broker",), None, "a [broker] table with at least host")
            found = {"host": ""}
        return self._one_broker(self._table(found, _BROKER, ("broker",)), node, ("broker",))

    def _one_broker(self, broker: dict[str, Any], node: str, path: _Path) -> BrokerConfig:
        return BrokerConfig(
            broker["host"],
            broker["port"],
            broker["username"] or node,
            self._readable(broker["password_file"], (*path, "password_file")),
            self._readable(broker["ca_file"], (*path, "ca_file")),
        )

    def _mirrors(self, found: Any, node: str, others: list[str]) -> tuple[MirrorConfig, ...]:
        if found is None:
            return ()
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            self._complain(("mirrors",), found, "one [[mirrors]] table for each further broker")
            return ()
        mirrors: list[MirrorConfig] = []
        taken = list(others)
        for index, entry in enumerate(found):
            path: _Path = ("mirrors", index)
            mirror = self._table(entry, _MIRROR, path)
            broker = self._one_broker(mirror, node, path)
            mirrors.append(MirrorConfig(broker, self._gateways(mirror["gateways"], path, taken)))
            taken += mirror["gateways"]
        return tuple(mirrors)

    def _gateways(self, found: list[str], path: _Path, others: Sequence[str] = ()) -> tuple[str, ...]:
        """Checked: each has a cursor of its own, so that one named twice would free what the other lacks."""
        path = (*path, "gateways")
        gateways = tuple(self._identifier(gateway, (*path, index)) for index, gateway in enumerate(found))
        if not gateways or len({*gateways, *others}) != len(gateways) + len(others):
            self._complain(path, found, 'one or more different gateway ids, for example ["main"]')
        return gateways

    def _sensors(
        self, found: Any, registry: Registry, kinds: frozenset[str]
    ) -> tuple[tuple[SensorConfig, ...], dict[str, tuple[Channel, ...]]]:
        if not isinstance(found, list) or not found or not all(isinstance(entry, dict) for entry in found):
            self._complain(("sensors",), found, "one [[sensors]] table or more")
            return (), {}
        sensors: list[SensorConfig] = []
        channels: dict[str, tuple[Channel, ...]] = {}
        names: set[str] = set()
        for index, entry in enumerate(found):
            path: _Path = ("sensors", index)
            name = entry.get("name")
            if isinstance(name, str) and name in names:
                self._complain((*path, "name"), name, "a name that no other sensor of the file has")
                continue
            names.add(str(name))
            sensor = self._sensor(entry, path, registry, kinds)
            if sensor is not None:
                sensors.append(sensor)
                channels[sensor.name] = self._channels(sensor, registry.spec(sensor.driver), path, channels)
        if not sensors and not self.problems:
            self._complain(("sensors",), sorted(kinds), "a sensor of one of these kinds")
        if sum(len(declared) for declared in channels.values()) > MAX_CHANNELS:
            self._complain(("sensors",), len(sensors), f"sensors with at most {MAX_CHANNELS} channels together")
        return tuple(sensors), channels

    def _sensor(
        self, entry: dict[str, Any], path: _Path, registry: Registry, kinds: frozenset[str]
    ) -> SensorConfig | None:
        before = len(self.problems)
        driver = entry.get("driver")
        if not isinstance(driver, str) or driver not in registry.names:
            near = nearest(driver, registry.names)
            self._complain((*path, "driver"), driver, near or f"one of {', '.join(registry.names)}")
            return None
        name = self._identifier(entry.get("name"), (*path, "name"))
        if kinds and registry.kind(driver) not in kinds:
            return None
        spec = registry.spec(driver)
        own = {option.name for option in spec.options}
        common = tuple(option for option in _SENSOR if option.name not in own)
        values = self._table(entry, (*common, *spec.options), path)
        room = values.get("room")
        if room is not None and not is_id(room):
            self._complain((*path, "room"), room, f"a room's id, {_ID}")
        label = values.get("label") or ""
        if len(label) > MAX_LABEL_CHARACTERS or not label.isprintable():
            self._complain((*path, "label"), label, f"text of at most {MAX_LABEL_CHARACTERS} characters on one line")
        if len(self.problems) > before:
            return None
        period_s = values["period_s"] or spec.period_s
        return SensorConfig(name, driver, float(period_s), room, label, {key: values[key] for key in own})

    def _channels(
        self, sensor: SensorConfig, spec: DriverSpec, path: _Path, others: Mapping[str, tuple[Channel, ...]]
    ) -> tuple[Channel, ...]:
        taken = {channel.id: name for name, declared in others.items() for channel in declared}
        try:
            declared = spec.channels(sensor)
        except ValueError as error:  # what only the driver can judge; it says "option: found and expected"
            option, _, said = str(error).partition(": ")
            self._complain((*path, option), sensor.options.get(option), said.rpartition("expected ")[2])
            return ()
        for channel in declared:
            if not is_id(channel.id):
                self._complain((*path, "name"), sensor.name, f"a shorter name: {channel.id!r} is no channel id ({_ID})")
            elif channel.id in taken:
                self._complain(
                    (*path, "name"), sensor.name, f"another name: {taken[channel.id]} has the channel {channel.id} too"
                )
            elif channel.quantity not in QUANTITIES:
                raise ValueError(f"driver {spec.name} declares the unknown quantity {channel.quantity!r}")
            taken[channel.id] = sensor.name
        return declared

    def _table(self, found: Any, options: tuple[Option, ...], path: _Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        names = [option.name for option in options]
        for key in found:
            if key not in names:
                expected = nearest(key, names) or f"one of {', '.join(names)}"
                self._complain((*path, key), "an unknown key", expected, quoted=False)
        for option in options:
            place = (*path, option.name)
            if option.name not in found:
                values[option.name] = blank(option) if option.default is REQUIRED else option.default
                if option.default is REQUIRED:
                    self._complain(place, None, expectation(option))
            elif path == () and option.name in {"sensors", "mirrors"}:
                continue  # arrays of tables, see _sensors and _mirrors
            elif is_valid(found[option.name], option, is_free_table=path == ()):
                value = found[option.name]
                values[option.name] = float(value) if option.type == "float" else value
            else:
                self._complain(place, found[option.name], expectation(option))
                values[option.name] = blank(option) if option.default is REQUIRED else option.default
        return values

    def _identifier(self, found: Any, path: _Path) -> str:
        if is_id(found):
            return str(found)
        self._complain(path, found, _ID)
        return "-"

    def _file_path(self, text: str) -> Path:
        return Path(os.path.normpath(self._path.parent.absolute() / text))

    def _readable(self, text: str | None, path: _Path) -> Path | None:
        if text is None:
            return None
        file = self._file_path(text)
        if not file.is_file() or not os.access(file, os.R_OK):
            self._complain(path, text, "a file that this user can read")
        return file

    def _complain(self, path: _Path, value: Any, expected: str, *, quoted: bool = True) -> None:
        key = _dotted(path)
        if any(problem.key == key for problem in self.problems):
            return  # the first complaint says it best
        found = None if value is None else shown(value) if quoted else str(value)
        self.problems.append(Problem(str(self._path), line_of(self._text, path), key, found, expected))


def _dotted(path: _Path) -> str:
    """``sensors[2].pin``: sensors are counted from 1, as a person does."""
    said = ""
    for part in path:
        said += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if said else part
    return said
