"""Reading ``sensors.toml``: which node this is, its broker, its journal and its sensors.

Called once by the command line, on the main thread, before anything is opened. Every problem of the file is found in
one pass and told at once; nothing starts on a file that has one. ``docs/configuration.md`` lists the keys.
"""

from __future__ import annotations

import difflib
import math
import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie_contract.messages import MAX_CHANNELS, MAX_LABEL_CHARACTERS, Channel
from vigie_contract.quantities import QUANTITIES
from vigie_contract.toml_lines import line_of
from vigie_contract.topics import is_id
from vigie_sensors.driver import REQUIRED, DriverSpec, Option, SensorConfig
from vigie_sensors.registry import Registry

LONGEST_PERIOD_S = 86_400.0
"""A birth takes no longer period: a channel heard less than daily could not be told from a dead one."""
SHORTEST_PERIOD_S = 0.1
"""Lower would let a typing error fill the journal's 64 MB within hours."""

_LARGEST = 1e15
"""TOML's integers have no end here, floats have: beyond this a number is no option's, bound or not."""

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
class JournalConfig:
    """Where and for how long readings are kept until a gateway has them."""

    directory: Path
    keep_days: float
    max_mb: float


@dataclass(frozen=True, slots=True)
class SensorsConfig:
    """``sensors.toml``, checked.

    Attributes:
        path: The file it was read from.
        site: The site's id.
        node: This node's id.
        broker: Where to publish.
        journal: Where readings are kept.
        gateways: Those whose acknowledgements free the journal; at least one.
        sensors: In the order of the file; at least one.
        channels: By sensor name, what each declares.
        simulation: The ``[simulation]`` table as it is; None on a real place.
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


_ID = "1 to 32 characters of a-z, 0-9 and -"

_TOP = (
    Option("site", "str", "The site's id", REQUIRED),
    Option("node", "str", "This node's id, unique in the site", REQUIRED),
    Option("broker", "table", "Where to publish"),
    Option("journal", "table", "Where readings are kept"),
    Option("gateways", "list[str]", "Whose acknowledgements free the journal", ["main"]),
    Option("sensors", "table", "One [[sensors]] table each"),
    Option("simulation", "table", "Of the demo only"),
)
_BROKER = (
    Option("host", "str", "Name or address of the broker", REQUIRED),
    Option("port", "int", "TCP port", 1883, low=1, high=65_535),
    Option("username", "str", "The node's id where missing"),
    Option("password_file", "str", "File with the password on its first line"),
    Option("ca_file", "str", "PEM file of the certificate authority; TLS when set"),
)
_JOURNAL = (
    Option("directory", "str", "Folder of the journal", "/var/lib/vigie-sensors"),
    Option("keep_days", "float", "Readings nobody fetched are kept so long", 7.0, unit="d", low=0.01, high=3_650),
    Option("max_mb", "float", "And take at most so much room", 64.0, unit="MB", low=1, high=100_000),
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
        journal = self._table(top["journal"] or {}, _JOURNAL, ("journal",))
        sensors, channels = self._sensors(found.get("sensors"), registry, kinds)
        return SensorsConfig(
            path=self._path,
            site=site,
            node=node,
            broker=self._broker(top["broker"], node),
            journal=JournalConfig(self._file_path(journal["directory"]), journal["keep_days"], journal["max_mb"]),
            gateways=self._gateways(top["gateways"]),
            sensors=sensors,
            channels=channels,
            simulation=top["simulation"],
        )

    def _broker(self, found: Any, node: str) -> BrokerConfig:
        if found is None:
            self._complain(("broker",), None, "a [broker] table with at least host")
            found = {"host": ""}
        broker = self._table(found, _BROKER, ("broker",))
        return BrokerConfig(
            broker["host"],
            broker["port"],
            broker["username"] or node,
            self._readable(broker["password_file"], ("broker", "password_file")),
            self._readable(broker["ca_file"], ("broker", "ca_file")),
        )

    def _gateways(self, found: list[str]) -> tuple[str, ...]:
        gateways = tuple(self._identifier(gateway, ("gateways", index)) for index, gateway in enumerate(found))
        if not gateways or len(set(gateways)) != len(gateways):
            self._complain(("gateways",), found, 'one or more different gateway ids, for example ["main"]')
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
            near = _nearest(driver, registry.names)
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
                expected = _nearest(key, names) or f"one of {', '.join(names)}"
                self._complain((*path, key), "an unknown key", expected, quoted=False)
        for option in options:
            place = (*path, option.name)
            if option.name not in found:
                values[option.name] = _blank(option) if option.default is REQUIRED else option.default
                if option.default is REQUIRED:
                    self._complain(place, None, expectation(option))
            elif path == () and option.name == "sensors":
                continue  # an array of tables, see _sensors
            elif _is_valid(found[option.name], option, is_free_table=path == ()):
                value = found[option.name]
                values[option.name] = float(value) if option.type == "float" else value
            else:
                self._complain(place, found[option.name], expectation(option))
                values[option.name] = _blank(option) if option.default is REQUIRED else option.default
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
        shown = None if value is None else _shown(value) if quoted else str(value)
        self.problems.append(Problem(str(self._path), line_of(self._text, path), key, shown, expected))


def _blank(option: Option) -> Any:
    """Stands for a value that has been complained about, so that the rest of the file is still checked."""
    return {"str": "", "int": 1, "float": 1.0, "bool": False, "list[str]": [], "table": {}}[option.type]


def _is_valid(value: Any, option: Option, *, is_free_table: bool = False) -> bool:
    match option.type:
        case "int" | "float":
            return _is_number(value, option)
        case "str":
            return type(value) is str and bool(value or option.default == "") and _is_chosen([value], option)
        case "bool":
            return type(value) is bool
        case "list[str]":
            return (
                type(value) is list and all(type(word) is str and word for word in value) and _is_chosen(value, option)
            )
        case "table":
            return type(value) is dict and (is_free_table or all(type(word) is str for word in value.values()))
        case _:
            raise ValueError(f"option {option.name} is of the unknown type {option.type}")


def _is_number(value: Any, option: Option) -> bool:
    if type(value) is not int and (option.type == "int" or type(value) is not float or not math.isfinite(value)):
        return False
    if abs(value) > _LARGEST:
        return False
    return (option.low is None or value >= option.low) and (option.high is None or value <= option.high)


def _is_chosen(words: list[str], option: Option) -> bool:
    return not option.choices or all(word in option.choices for word in words)


_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "list[str]": "a list of texts",
    "table": "a table",
}


def expectation(option: Option) -> str:
    """What an option takes, for a person: ``a whole number from 0 to 27``."""
    if option.choices:
        return f"{'one' if option.type == 'str' else 'some'} of {', '.join(option.choices)}"
    said = _TYPES[option.type]
    if option.low is not None and option.high is not None:
        said += f" from {option.low:g} to {option.high:g}"
    elif option.low is not None:
        said += f" of at least {option.low:g}"
    elif option.high is not None:
        said += f" of at most {option.high:g}"
    return f"{said} {option.unit}".rstrip()


def _nearest(word: Any, known: Collection[str]) -> str | None:
    near = difflib.get_close_matches(word, known, n=1) if isinstance(word, str) else []
    return f"perhaps {near[0]}" if near else None


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value:.60}"'
    return f"{value!s:.80}"


def _dotted(path: _Path) -> str:
    """``sensors[2].pin``: sensors are counted from 1, as a person does."""
    said = ""
    for part in path:
        said += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if said else part
    return said
