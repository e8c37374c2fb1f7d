"""How a person is told what an option takes."""

from __future__ import annotations

from vigie_sensors.driver import Option
from vigie_sensors.option_values import expectation


def test_an_expectation_is_said_in_words() -> None:
    assert expectation(Option("n", "float", "", low=1.0, unit="s")) == "a number of at least 1 s"
    assert expectation(Option("n", "int", "", high=3)) == "a whole number of at most 3"
    assert expectation(Option("n", "list[str]", "", choices=("a", "b"))) == "some of a, b"
