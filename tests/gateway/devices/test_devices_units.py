"""Units as devices write them, into ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.quantities import QUANTITIES, Kind
from vigie_gateway.devices.classes import SENSOR_CLASSES, STATE_CLASSES, sensor_quantity
from vigie_gateway.devices.units import UNIT_QUANTITIES, convert, quantity_of_unit, scale


@pytest.mark.parametrize(
    ("value", "quantity", "told", "expected"),
    [
        (0.1, "power", "kW", 100.0),
        (230_100, "voltage", "mV", 230.1),
        (68, "temperature", "°F", 20.0),
        (68, "temperature", "℉", 20.0),
        (21.5, "temperature", "ºC", 21.5),
        (293.15, "temperature", "K", 20.0),
        (1.5, "energy", "kWh", 1_500.0),
        (81_010, "energy", "Wmin", 1_350.16666667),
        (3_600, "energy", "J", 1.0),
        (500, "current", "µA", 0.0005),
        (101_325, "pressure", "Pa", 1_013.25),
        (29.92, "pressure", "inHg", 1_013.2070048),
        (55, "humidity", "%", 55),
        (150, "distance", "cm", 1.5),
        (-3.0, "power", "W", -3.0),
    ],
)
def test_a_unit_becomes_ours(value: float, quantity: str, told: str, expected: float) -> None:
    assert convert(value, quantity, told) == pytest.approx(expected)


def test_tenths_stay_tenths() -> None:
    assert convert(0.1, "power", "kW") == 100.0
    assert convert(0.3, "energy", "kWh") == 300.0


@pytest.mark.parametrize(("quantity", "told"), [("power", "kWh"), ("rssi", "%"), ("temperature", ""), ("rssi", "dB")])
def test_a_unit_of_something_else_is_not_converted(quantity: str, told: str) -> None:
    assert convert(1.0, quantity, told) is None


def test_milliwatts_are_no_megawatts() -> None:
    assert convert(1.0, "power", "mW") == 0.001
    assert convert(1.0, "power", "MW") == 1e6


def test_a_unit_says_what_is_measured_only_where_it_can_be_nothing_else() -> None:
    assert quantity_of_unit("kW") == "power"
    assert quantity_of_unit("hPa") == "pressure"
    assert [quantity_of_unit(unit) for unit in ("%", "ppm", "", "lqi", "C", "F", "s")] == [None] * 7
    assert sensor_quantity("", "kWh", "") is None
    assert sensor_quantity("", "kWh", "total_increasing") == "energy"
    assert sensor_quantity("power_factor", "W", "") is None


def test_every_class_is_one_of_our_quantities_in_its_own_unit() -> None:
    assert set(SENSOR_CLASSES.values()) | set(STATE_CLASSES.values()) <= set(QUANTITIES)
    assert {QUANTITIES[name].kind for name in STATE_CLASSES.values()} == {Kind.STATE}
    for name in SENSOR_CLASSES.values():
        assert scale(name, QUANTITIES[name].unit) == (1, 0)
    assert {QUANTITIES[name].unit for name in UNIT_QUANTITIES.values()} == set(UNIT_QUANTITIES)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(SENSOR_CLASSES.values())), st.text())
def test_any_text_as_a_unit_converts_or_not(value: float, quantity: str, told: str) -> None:
    converted = convert(value, quantity, told)
    assert converted is None or isinstance(converted, (int, float))
