"""The repository is laid out as promised: who imports whom, what the wheel carries, and what no file names."""

import ast
import functools
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = [ROOT / folder for folder in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
MODULES = sorted(module for package in PACKAGES for module in package.rglob("*.py"))

LONGEST_MODULE_LINES = 500
"""A module that does not fit in a person's head is two nouns. Lower would cut configuration readers in half."""

EDGES = {
    "paho": {
        "vigie_sensors/connection.py",
        "vigie_gateway/ingest/bus.py",
        "vigie_gateway/ingest/device_bus.py",
        "vigie_gateway/recording/wire.py",
    },
    "gpiozero": {"vigie_sensors/pins.py", "vigie_sensors/simulation/"},
    "serial": {"vigie_sensors/drivers/linky.py"},
    "icmplib": {"vigie_sensors/probes.py"},
    "dns": {"vigie_sensors/drivers/dns.py"},
    "speedtest": {"vigie_sensors/speedtest_run.py"},
    "sqlite3": {
        "vigie_sensors/card_file.py",
        "vigie_gateway/store/",
        "vigie_gateway/auth/accounts.py",
        "vigie_gateway/alerts/book_",
        "vigie_gateway/registry/",
        "vigie_gateway/sessions/forecast_log.py",
        "vigie_gateway/sessions/forecast_schema.py",
    },
    "argon2": {"vigie_gateway/auth/passwords.py"},
    "fastapi": {"vigie_gateway/api/"},
    "starlette": {"vigie_gateway/api/"},
    "uvicorn": {"vigie_gateway/api/serving.py"},
    "jinja2": {"vigie_dashboard/pages.py", "vigie_gateway/devices/template/syntax.py"},
    "babel": {"vigie_dashboard/language.py"},
    "cryptography": {"vigie_gateway/certificates/authority.py"},
    "apprise": {"vigie_gateway/notify/notifiers/apprise_service.py"},
    "influxdb_client": {"vigie_gateway/store/influxdb/writer.py"},
    "urllib3": {"vigie_gateway/store/influxdb/writer.py"},
}
"""Where each library of others may be imported: one module, or the one folder that is about it."""


def tracked_files() -> list[Path]:
    """What the repository holds; all files but caches where git is not there (a source archive)."""
    if shutil.which("git") is not None and (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    hidden = re.compile(r"/(\.venv|\.vigie|\.git|node_modules|__pycache__|\.\w+_cache|dist|output)/")
    return [path for path in ROOT.rglob("*") if path.is_file() and not hidden.search(f"/{path.relative_to(ROOT)}")]


@functools.cache
def imports_of(module: Path) -> frozenset[str]:
    """The top-level name of every import, wherever it stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            found.add(node.module.partition(".")[0])
    return frozenset(found)


def within_package(module: Path) -> str:
    package = next(package for package in PACKAGES if module.is_relative_to(package))
    return module.relative_to(package.parent).as_posix()


def test_the_packages_import_each_other_only_as_drawn() -> None:
    """import-linter's contracts in pyproject.toml, kept."""
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        pytest.skip("import-linter is missing: ./run test installs it")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout[-2_000:]
    assert f"{len(PROJECT['tool']['importlinter']['contracts'])} kept, 0 broken" in done.stdout


def test_the_contract_needs_the_standard_library_only() -> None:
    found = {name for module in MODULES if "vigie_contract" in module.parts for name in imports_of(module)}
    assert found - {"vigie_contract"} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("library", EDGES)
def test_a_library_of_others_is_imported_at_its_edge_only(library: str) -> None:
    found = {within_package(module) for module in MODULES if library in imports_of(module)}
    strays = {name for name in found if not any(name == edge or name.startswith(edge) for edge in EDGES[library])}
    assert strays == set()
    assert found, "an edge of a library that is no longer used"


@pytest.mark.parametrize("module", MODULES, ids=within_package)
def test_a_module_says_its_purpose_and_fits_in_a_head(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= LONGEST_MODULE_LINES


FIRMWARE = sorted((ROOT / "firmware").rglob("*.py"))


@pytest.mark.parametrize("module", FIRMWARE, ids=lambda module: str(module.relative_to(ROOT)))
def test_a_file_of_the_firmware_says_its_purpose_and_touches_hardware_only_as_a_board(module: Path) -> None:
    """So that all the rest runs on any machine; ``main.py`` alone starts a chip again when a copy fails."""
    text = module.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= LONGEST_MODULE_LINES
    if imports_of(module) & {"machine", "network", "ntptime"}:
        assert module.parent.name == "boards" or module == ROOT / "firmware" / "main.py"


WALL_CLOCK = re.compile(
    r"""\btime\.(?:time|time_ns|localtime|gmtime|ctime|strftime|clock_gettime|clock_gettime_ns|clock_settime)\b
    | \bfrom\ time\ import\b | \b(?:datetime|dt)\.(?:now|utcnow|today)\( | \bdate\.today\(
    | \bCURRENT_(?:TIMESTAMP|DATE|TIME)\b | \bunixepoch\( | \bjulianday\( | ["\x27]now["\x27]\ *[,)]""",
    re.VERBOSE,
)
"""Every way to the wall clock, of Python and of SQLite: durations, waits and deadlines then have the monotonic clock
only, which no step of the wall clock touches."""


@pytest.mark.parametrize(
    "way",
    [
        "time.time()",
        "time.time_ns()",
        "time.localtime()",
        "datetime.now(UTC)",
        "from time import time",
        "date.today()",
        "time.clock_gettime(0)",
        "datetime('now')",
        "SELECT CURRENT_TIMESTAMP",
        "unixepoch()",
    ],
)
def test_every_way_to_the_wall_clock_is_known(way: str) -> None:
    assert WALL_CLOCK.search(f"at = {way}")
    assert not WALL_CLOCK.search("time.monotonic(); clock.now_ts(); time.sleep(1); datetime.fromtimestamp(at_ts, UTC)")


def test_only_the_clock_asks_the_system_for_the_date() -> None:
    """So that a test, a simulated day and a Pi without NTP see the same time everywhere."""
    found = {within_package(module) for module in MODULES if WALL_CLOCK.search(module.read_text(encoding="utf-8"))}
    # The demo asks once, for the day that its simulated clock begins on.
    assert found <= {"vigie_contract/clock.py", "vigie_gateway/demo.py"}


def test_every_program_has_its_entry_point() -> None:
    for entry in PROJECT["project"]["scripts"].values():
        module, _, function = entry.partition(":")
        paths = [package.parent / f"{module.replace('.', '/')}.py" for package in PACKAGES]
        path = next(path for path in paths if path.exists())
        names = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        assert function in names


def test_every_unit_starts_a_program_that_is_installed() -> None:
    for unit in (ROOT / "systemd").glob("*.service"):
        started = re.findall(r"^ExecStart=/opt/vigie/bin/(\S+)", unit.read_text(), re.MULTILINE)
        assert started
        assert set(started) <= set(PROJECT["project"]["scripts"])


def test_every_package_tells_type_checkers_that_it_is_typed() -> None:
    assert all((package / "py.typed").exists() for package in PACKAGES)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    if "No module named hatchling" in done.stderr:
        pytest.skip("hatchling is missing: ./run test installs it")
    assert done.returncode == 0, done.stderr[-2_000:]
    built = next(folder.glob("*.whl"))
    with zipfile.ZipFile(built) as archive:
        return archive


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Templates, texts, the sample place and py.typed among them; no tests, no build scripts, no caches."""
    held = {name for name in wheel.namelist() if ".dist-info/" not in name and ".data/" not in name}
    tracked = tracked_files()
    ours = {within_package(path) for path in tracked if any(path.is_relative_to(package) for package in PACKAGES)}
    assert ours - held == set()
    untracked = {name for name in held - ours if "/static/vendor/" not in name}
    on_disk = {name for name in untracked if any((package.parent / name).exists() for package in PACKAGES)}
    assert untracked == on_disk, "the wheel holds what no source holds"
    assert not [name for name in held if re.search(r"(^|/)(tests?|test_\w+\.py|__pycache__|conftest\.py)(/|$)", name)]
    assert {name.split("/")[0] for name in held} == {package.name for package in PACKAGES}
    for part in ("/templates/", "py.typed", "/locale/", "/sample/site.toml"):
        assert any(part in name for name in held), part


def test_the_wheel_holds_all_that_an_installation_copies(wheel: zipfile.ZipFile) -> None:
    """Units, configuration of the broker, pinned dependencies, pages to read: as long as those of the repository."""
    below = re.compile(r"vigie-[^/]+\.data/data/share/vigie/(.+)")
    held = {found[1]: each.file_size for each in wheel.infolist() if (found := below.fullmatch(each.filename))}
    names = {path.relative_to(ROOT).as_posix() for path in tracked_files()}
    wanted = {name for name in names if name.startswith(("systemd/", "docs/"))} | {"requirements/run.txt"}
    assert held == {name: (ROOT / name).stat().st_size for name in wanted}


def test_the_wheel_carries_the_licence_and_the_programs(wheel: zipfile.ZipFile) -> None:
    metadata = [name for name in wheel.namelist() if ".dist-info/" in name]
    assert any(name.endswith("licenses/LICENSE") for name in metadata)
    assert any(name.endswith("entry_points.txt") for name in metadata)


def test_the_licence_is_the_gpl_3() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text


# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:wo" r"rk|ro" r"ot|ho" r"me/\w+|Us" r"ers/\w+)/")
REGISTRY_HOSTS = re.compile(
    r"py" r"pi\.org|python" r"hosted\.org|registry\." r"npmjs|npm" r"js\.org|deb\." r"debian\.org|pi" r"wheels\.org"
)


def test_no_file_names_a_machines_path_or_a_registrys_host() -> None:
    """Locks hold hashes and no addresses: whoever installs chooses where from."""
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        for number, line in enumerate(text.splitlines(), start=1):
            if MACHINE_PATHS.search(line) or REGISTRY_HOSTS.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_tests_mirror_the_folders_that_they_test() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    others = {"systemd", "end_to_end", "bench", "firmware", "requirements", "hardware", "peers"}
    mirrored = {path.parent.name for path in PACKAGES} | others
    assert folders - {"__pycache__", "output"} <= mirrored
    names = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("__init__.py")]
    assert names == [], "tests are imported by their path"
