"""Drivers are found by name and imported only when asked for."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from vigie_sensors.registry import DRIVERS, KINDS, Registry


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> str:
    module = ModuleType("made_up_drivers.thing")
    module.DRIVER = SimpleNamespace(name="thing", kind="wifi")  # type: ignore[attr-defined] # a module of the test's own
    monkeypatch.setitem(sys.modules, "made_up_drivers", ModuleType("made_up_drivers"))
    monkeypatch.setitem(sys.modules, "made_up_drivers.thing", module)
    return "made_up_drivers"


def test_a_driver_is_what_its_module_ends_in(package: str) -> None:
    assert Registry({"thing": "wifi"}, package).spec("thing").name == "thing"


def test_a_driver_that_calls_itself_otherwise_is_refused(package: str) -> None:
    with pytest.raises(ValueError, match="calls itself wifi thing, expected outlets thing"):
        Registry({"thing": "outlets"}, package).spec("thing")


def test_a_name_that_is_none_has_no_kind() -> None:
    with pytest.raises(KeyError):
        Registry().kind("nonsense")


def test_every_kind_has_drivers_and_every_driver_a_kind() -> None:
    assert set(DRIVERS.values()) == set(KINDS)


@pytest.mark.parametrize("name", list(DRIVERS))
def test_every_driver_of_the_mapping_describes_itself(name: str) -> None:
    spec = Registry().spec(name)
    assert spec.text
    assert spec.wiring
    assert len({option.name for option in spec.options}) == len(spec.options)


def test_a_daemon_that_measures_wifi_alone_never_loads_gpiozero() -> None:
    names = [name for name, kind in DRIVERS.items() if kind == "wifi"]
    program = (
        "import sys, vigie_sensors.__main__\n"
        "from vigie_sensors.registry import Registry\n"
        f"[Registry().spec(name) for name in {names!r}]\n"
        "sys.exit('gpiozero' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
