"""What a person can configure, meet or type has its place in docs/: these tests fail when code and pages part."""

import argparse
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydantic import BaseModel

from vigie_contract import enrolment, topics
from vigie_contract.commands import FINDINGS, REFUSED
from vigie_contract.errors import REFUSALS
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import UNKNOWN_REASONS
from vigie_gateway import __main__ as gateway_main
from vigie_gateway.devices.classes import SENSOR_CLASSES, STATE_CLASSES
from vigie_gateway.devices.measures import REFUSALS as DEVICE_REFUSALS
from vigie_gateway.devices.template.words import FILTERS, FUNCTIONS, METHODS, Word
from vigie_gateway.devices.template.words import TESTS as TEMPLATE_TESTS
from vigie_gateway.doctor.findings import PARTS
from vigie_gateway.formats.prometheus import METRICS
from vigie_gateway.notify.notifier_file import EmailTable, HeartbeatTable, LampTable, UrlTable
from vigie_gateway.settings import Settings
from vigie_sensors import __main__ as sensors_main
from vigie_sensors import config
from vigie_sensors.driver import REQUIRED, Option, SensorConfig
from vigie_sensors.registry import DRIVERS, Registry
from vigie_sensors.rehearsal import settings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REGISTRY = Registry()

every_driver = pytest.mark.parametrize("driver", DRIVERS)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its level or above."""
    match = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert match is not None, f"no heading {heading!r}"
    rest = text[match.end() :]
    end = re.search(rf"^#{{1,{len(match[1])}}} ", rest, re.MULTILINE)
    return rest if end is None else rest[: end.start()]


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a page's tables by their first cell, without its backquotes."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {row[0].strip("`"): row for row in cells}


def words(text: str) -> str:
    return " ".join(text.split())


def test_every_quantity_has_its_row_in_the_protocol() -> None:
    found = rows(section(page("protocol.md"), "Quantities"))
    assert set(found) - {"name", "---"} == set(QUANTITIES)
    for name, quantity in QUANTITIES.items():
        assert found[name][1:] == [
            f"`{quantity.unit}`",
            quantity.kind.value,
            f"{quantity.low:g} to {quantity.high:g}",
            f"{quantity.resolution:g}",
            quantity.average.value,
            str(quantity.keep_days),
            quantity.text,
        ]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Why a value is unknown", UNKNOWN_REASONS),
        ("Why a message is refused", REFUSALS),
        ("What a line holds", FINDINGS),
        ("Why a command is refused", REFUSED),
        ("Why an enrolment is refused", {word: str(status) for word, (status, _) in enrolment.REFUSALS.items()}),
    ],
)
def test_every_reason_has_its_row_in_the_protocol(heading: str, expected: dict[str, str]) -> None:
    found = {word: row[1] for word, row in rows(section(page("protocol.md"), heading)).items()}
    del found["word"], found["---"]
    assert found == expected


def test_every_refusal_of_an_enrolment_has_its_meaning_in_the_protocol() -> None:
    found = rows(section(page("protocol.md"), "Why an enrolment is refused"))
    assert {word: found[word][2] for word in enrolment.REFUSALS} == {
        word: meaning for word, (_, meaning) in enrolment.REFUSALS.items()
    }


def test_every_topic_has_its_row_in_the_protocol() -> None:
    found = set(rows(section(page("protocol.md"), "Topics")))
    built = {topics.about("s", "n"), topics.status("s", "n"), topics.data("s", "n"), topics.ack("s", "n", "g")}
    built |= {topics.do("s", "n"), topics.done("s", "n"), topics.alerts("s", "g")}
    built |= {topics.place("s", "g"), topics.place_room("s", "g", "r")}
    shown = {
        topic.replace("{site}", "s").replace("{node}", "n").replace("{gateway}", "g").replace("{room}", "r")
        for topic in found
    }
    assert built <= shown


def test_every_reason_why_a_device_says_nothing_has_its_row() -> None:
    found = {word: row[1] for word, row in rows(section(page("devices.md"), "Why nothing was read")).items()}
    assert found.items() >= DEVICE_REFUSALS.items()
    assert len(found) == len(DEVICE_REFUSALS) + 2


def test_every_part_of_the_doctor_says_what_it_looks_at() -> None:
    found = rows(section(page("operations.md"), "What it looks at"))
    assert set(found) - {"part", "---"} == set(PARTS.values())


def test_every_family_of_devices_has_its_row() -> None:
    found = rows(section(page("devices.md"), "What is read"))
    modules = {path.stem for path in (ROOT / "gateway/vigie_gateway/devices/families").glob("[a-z]*.py")}
    named = {re.sub(r"_(gen\d|sensors)$", "", name).replace("_", "-") for name in modules - {"told"}}
    assert set(found) - {"family", "---"} == named | {"homeassistant"}


def test_every_class_of_home_assistant_that_is_read_has_its_row() -> None:
    found = {words(row[0]): row[1].strip("`") for row in rows(section(page("devices.md"), "Classes")).values()}
    read = {f"sensor `{name}`": quantity for name, quantity in SENSOR_CLASSES.items()}
    read |= {f"binary_sensor `{name}`": quantity for name, quantity in STATE_CLASSES.items()}
    assert {name: quantity for name, quantity in found.items() if "`" in name} == read


@pytest.mark.parametrize(
    ("kind", "known"), [("filters", FILTERS), ("tests", TEMPLATE_TESTS), ("functions", FUNCTIONS), ("methods", METHODS)]
)
def test_every_word_that_a_template_may_use_is_listed(kind: str, known: dict[str, Word]) -> None:
    assert re.findall(r"`(\w+)`", rows(section(page("devices.md"), "Templates"))[kind][1]) == sorted(known)


def examples(driver: str) -> dict[str, Any]:
    """The options of the example under a driver's heading."""
    block = re.search(r"```toml\n(.*?)```", section(page("drivers.md"), driver), re.DOTALL)
    assert block is not None, f"{driver} has no example"
    table: dict[str, Any] = tomllib.loads(block[1])["sensors"][0]
    return table


def sample_config(driver: str) -> SensorConfig:
    table = examples(driver)
    options = {option.name: table.pop(option.name, option.default) for option in REGISTRY.spec(driver).options}
    assert REQUIRED not in options.values(), "an example gives every required option"
    assert table.pop("driver") == driver
    name, room = table.pop("name"), table.pop("room", None)
    assert not table, f"unknown keys in the example: {table}"
    return SensorConfig(name, driver, REGISTRY.spec(driver).period_s, room, "", options)


@every_driver
def test_every_driver_has_its_heading_example_and_channels(driver: str) -> None:
    found = rows(section(page("drivers.md"), driver))
    for channel in REGISTRY.spec(driver).channels(sample_config(driver)):
        assert found[channel.id][1] == f"`{channel.quantity}`"


def default_of(option: Option) -> str:
    if option.default is REQUIRED:
        return "required"
    if option.default is None or option.default == "":
        return "none"
    if isinstance(option.default, bool):
        return f"`{str(option.default).lower()}`"
    if isinstance(option.default, str):
        return f'`"{option.default}"`'
    return f"`{option.default}`".replace("'", '"')


@every_driver
def test_every_option_of_a_driver_has_its_row(driver: str) -> None:
    text = section(page("drivers.md"), driver)
    found = rows(text)
    for option in REGISTRY.spec(driver).options:
        _, takes, default, meaning = found[option.name]
        assert meaning == option.text
        assert default == default_of(option)
        assert option.unit in takes
        for bound in (option.low, option.high):
            assert bound is None or f"{bound:g}" in takes
    told = {name for name, row in found.items() if len(row) == 4} - {"option", "---"}
    assert told == {option.name for option in REGISTRY.spec(driver).options}


@every_driver
def test_every_driver_has_its_wiring(driver: str) -> None:
    said = words(REGISTRY.spec(driver).wiring).rstrip(".")
    assert said[1:] in words(section(page("wiring.md"), driver))


DRAWINGS = sorted((DOCS / "wiring").glob("*.svg"))
every_drawing = pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)


def header_pins() -> dict[str, str]:
    """The pin on the header of each GPIO."""
    cells = [cell for row in rows(section(page("wiring.md"), "Numbers of pins")).values() for cell in row]
    return {gpio: pin for gpio, pin in zip(cells[::2], cells[1::2], strict=True) if gpio.isdigit()}


@every_drawing
def test_a_drawing_can_be_read_aloud_and_stands_on_its_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    root = ET.fromstring(text)  # noqa: S314 - our own file
    told = [root.find(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("title", "desc")]
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == " ".join(str(one.get("id")) for one in told if one is not None)
    assert all(one is not None and one.text for one in told)
    assert told[0] is not None
    assert f"![{told[0].text}](wiring/{path.name})" in page("wiring.md")
    assert not re.search(r"<script|href=|style=", text)
    assert len(text) < 4_000, "small enough to be written by hand"


@every_drawing
def test_a_drawing_counts_pins_as_the_page_does(path: Path) -> None:
    drawn = re.findall(r"GPIO(\d+) (?:on |\()pin (\d+)", path.read_text(encoding="utf-8"))
    assert drawn or path.stem in {"current-clamp", "air"}, "no pin of a Pi's"
    assert set(drawn) <= set(header_pins().items())


@every_driver
def test_the_pins_of_a_drivers_example_are_those_of_its_drawing(driver: str) -> None:
    pins = [value for key, value in examples(driver).items() if re.match(r"pin|trigger$|echo$", key)]
    drawing = DOCS / "wiring" / f"{driver}.svg"
    assert not pins or all(f"GPIO{pin} (pin" in drawing.read_text(encoding="utf-8") for pin in pins)


@every_driver
def test_what_is_wired_has_its_list_of_what_to_buy(driver: str) -> None:
    text = section(page("wiring.md"), driver)
    assert text.strip().startswith("No wiring:") or text.strip().startswith("No wiring.") or "\nTo buy: " in text


def keys(model: type[BaseModel], table: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from keys(type(field.default), f"[{name}]")
        else:
            yield table, name


@pytest.mark.parametrize(("table", "key"), list(keys(Settings)))
def test_every_key_of_gateway_toml_has_its_row(table: str, key: str) -> None:
    text = section(page("configuration.md"), "gateway.toml")
    assert key in rows(section(text, table) if table else text.split("\n### ")[0])


@pytest.mark.parametrize(
    ("heading", "tables"),
    [("[notifiers.NAME]", (UrlTable, EmailTable, LampTable)), ("[heartbeat]", (HeartbeatTable,))],
)
def test_every_key_of_notifiers_toml_has_its_row(heading: str, tables: tuple[type[BaseModel], ...]) -> None:
    found = set(rows(section(section(page("configuration.md"), "notifiers.toml"), heading))) - {"key", "---"}
    assert found == {field.alias or name for table in tables for name, field in table.model_fields.items()}


@pytest.mark.parametrize(
    ("heading", "options"),
    [
        ("[broker] of sensors.toml", config._BROKER),
        ("[journal]", config._JOURNAL),
        ("[rehearsal]", settings.REHEARSAL),
        ("[far_end]", settings.FAR_END),
        ("[[mirrors]]", config._MIRROR),
        ("[[sensors]]", config._SENSOR),
    ],
)
def test_every_key_of_sensors_toml_has_its_row(heading: str, options: tuple[Option, ...]) -> None:
    found = set(rows(section(page("configuration.md"), heading))) - {"key", "---"}
    assert found == {option.name for option in options}


def test_every_table_of_sensors_toml_has_its_place() -> None:
    text = section(page("configuration.md"), "sensors.toml")
    for option in config._TOP:
        assert f"`{option.name}`" in text or f"[{option.name}]" in text


def commands_of(parser: argparse.ArgumentParser) -> set[str]:
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return set(actions[0].choices)


def test_every_command_of_the_sensors_is_listed() -> None:
    found = {row.split()[1] for row in rows(section(page("operations.md"), "Commands")) if "vigie-sensors" in row}
    assert found == commands_of(sensors_main._parser())


def test_every_command_of_the_gateway_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    found = {row.split()[1] for row in rows(section(page("operations.md"), "Commands")) if "vigie-gateway" in row}
    with pytest.raises(SystemExit):
        gateway_main.main(["--help"])
    printed = re.search(r"\{([a-z,-]+)\}", capsys.readouterr().out)
    assert printed is not None
    assert found == set(printed[1].split(","))


def test_every_exit_code_is_listed() -> None:
    found = rows(section(page("operations.md"), "Exit codes"))
    for module, daemon in ((gateway_main, "gateway"), (sensors_main, "sensors")):
        codes = {value for name, value in vars(module).items() if name.startswith("EX") and isinstance(value, int)}
        for code in codes | {0, 1, 2}:
            assert str(code) in found, f"{daemon} ends with {code}"
            assert found[str(code)][1] in {daemon, "both"}


def test_every_reason_that_the_gateway_counts_is_listed() -> None:
    known = set(rows(section(page("operations.md"), "Health"))) | set(REFUSALS) | set(DEVICE_REFUSALS)
    source = "".join(path.read_text() for path in (ROOT / "gateway" / "vigie_gateway" / "ingest").glob("*.py"))
    counted = set(re.findall(r'refusals\.add\(\s*"([a-z-]+)"', source))
    quality = (ROOT / "gateway" / "vigie_gateway" / "quality.py").read_text()
    judged = set(re.findall(r'Verdict\([^)]*, "([a-z]+)"\)', quality)) | set(
        re.findall(r'flag = now_ts, "([a-z]+)"', quality)
    )
    assert counted
    assert judged >= {"range", "clock"}
    assert counted | {f"quality-{flag}" for flag in judged} <= known


def test_every_part_of_the_health_report_is_listed() -> None:
    source = (ROOT / "gateway" / "vigie_gateway" / "health.py").read_text()
    block = re.search(r"parts = \{(.*?)\n        \}", source, re.DOTALL)
    assert block is not None
    parts = set(re.findall(r'^\s+"(\w+)":', block[1], re.MULTILINE))
    assert parts
    assert parts <= set(rows(section(page("operations.md"), "Health")))


def test_every_metric_has_its_row() -> None:
    found = rows(page("metrics.md").split("\n## ")[0])
    listed = {name: row[1:] for name, row in found.items() if name.startswith("vigie_")}
    del listed["vigie_build_info"]
    assert listed == {
        metric.name: [metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.text]
        for metric in METRICS
    }


def test_every_metric_of_an_expression_exists() -> None:
    named = set(re.findall(r"\bvigie_\w+", page("metrics.md")))
    assert named <= {metric.name for metric in METRICS} | {"vigie_build_info"}


TESTS = ROOT / "tests"
FAULTS = [*range(1, 33), *range(34, 45), 51]


def faults() -> dict[str, list[str]]:
    return {name: row for name, row in rows(page("faults.md")).items() if re.fullmatch(r"F\d\d", name)}


def test_every_fault_has_its_row_with_its_tests_or_says_why_not() -> None:
    found = faults()
    assert set(found) == {f"F{number:02}" for number in FAULTS}
    for name, (_, _, holds, shown) in found.items():
        assert "::" in shown or "not here: " in holds, f"{name} has no test and does not say why"


@pytest.mark.parametrize("fault", faults())
def test_every_test_that_shows_a_fault_exists(fault: str) -> None:
    for named in re.findall(r"`([^`]+)`", faults()[fault][3]):
        path, _, test = named.partition("::")
        source = (TESTS / path).read_text(encoding="utf-8")
        assert re.search(rf"^\s*(async )?def {test}\(|^{test} = ", source, re.MULTILINE), f"{named} does not exist"


PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_every_page_is_led_to_from_another() -> None:
    linked: set[Path] = set()
    for path in PAGES:
        targets = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
        linked |= {(path.parent / target).resolve() for target in targets if "://" not in target} - {path}
    decisions = DOCS / "decisions"  # a folder that is linked as a whole
    assert [path.name for path in DOCS.rglob("*.md") if path.parent != decisions and path not in linked] == []


def test_the_notice_for_the_door_promises_only_what_is_so() -> None:
    """No driver listens to phones or looks through a camera, as the notice says."""
    notice = section(page("privacy.md"), "The notice for the door")
    assert "ni caméra, ni micro, ni repérage de votre téléphone" in words(notice)
    named = " ".join(words(REGISTRY.spec(driver).wiring) for driver in DRIVERS).lower()
    assert not re.search(r"camera|microphone|probe request|bluetooth", named)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        linked = path if not name else (path.parent / name).resolve()
        assert linked.exists(), f"{target} does not exist"
        if fragment and linked.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in {anchor(heading) for heading in headings}, f"{target}: no such heading"
