"""Units as devices write them, into those of our quantities. Pure; called by each decoder for each value."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from vigie_contract.quantities import QUANTITIES

_SCALES: dict[str, dict[str, tuple[float, float]]] = {
    # our unit: {theirs: (factor, offset)}; ours = theirs * factor + offset
    "W": {"W": (1, 0), "kW": (1e3, 0), "MW": (1e6, 0), "mW": (1e-3, 0), "watt": (1, 0), "watts": (1, 0)},
    "VA": {"VA": (1, 0), "kVA": (1e3, 0), "mVA": (1e-3, 0)},
    "Wh": {
        "Wh": (1, 0),
        "kWh": (1e3, 0),
        "MWh": (1e6, 0),
        "GWh": (1e9, 0),
        "mWh": (1e-3, 0),
        "Wmin": (1 / 60, 0),
        "J": (1 / 3600, 0),
        "kJ": (1 / 3.6, 0),
        "MJ": (1e3 / 3.6, 0),
        "GJ": (1e6 / 3.6, 0),
    },
    "A": {
        "A": (1, 0),
        "mA": (1e-3, 0),
        "kA": (1e3, 0),
        "μA": (1e-6, 0),
        "uA": (1e-6, 0),
        "amp": (1, 0),
        "amps": (1, 0),
    },
    "V": {
        "V": (1, 0),
        "mV": (1e-3, 0),
        "kV": (1e3, 0),
        "μV": (1e-6, 0),
        "uV": (1e-6, 0),
        "volt": (1, 0),
        "volts": (1, 0),
    },
    "Cel": {
        "Cel": (1, 0),
        "°C": (1, 0),
        "C": (1, 0),
        "degC": (1, 0),
        "°F": (5 / 9, -160 / 9),
        "F": (5 / 9, -160 / 9),
        "degF": (5 / 9, -160 / 9),
        "K": (1, -273.15),
    },
    "%RH": {"%": (1, 0), "%RH": (1, 0), "%rH": (1, 0), "% RH": (1, 0)},
    "%EL": {"%": (1, 0), "%EL": (1, 0)},
    "dBm": {"dBm": (1, 0), "dbm": (1, 0)},
    "ppm": {"ppm": (1, 0), "ppb": (1e-3, 0)},
    "lx": {"lx": (1, 0), "lux": (1, 0), "Lux": (1, 0), "klx": (1e3, 0)},
    "hPa": {
        "hPa": (1, 0),
        "mbar": (1, 0),
        "mb": (1, 0),
        "Pa": (1e-2, 0),
        "kPa": (10, 0),
        "bar": (1e3, 0),
        "cbar": (10, 0),
        "mmHg": (1.333224, 0),
        "inHg": (33.86389, 0),
        "psi": (68.94757, 0),
    },
    "m": {
        "m": (1, 0),
        "dm": (0.1, 0),
        "cm": (1e-2, 0),
        "mm": (1e-3, 0),
        "km": (1e3, 0),
        "in": (0.0254, 0),
        "ft": (0.3048, 0),
        "yd": (0.9144, 0),
    },
    "bit/s": {
        "bit/s": (1, 0),
        "kbit/s": (1e3, 0),
        "Mbit/s": (1e6, 0),
        "Gbit/s": (1e9, 0),
        "B/s": (8, 0),
        "kB/s": (8e3, 0),
        "MB/s": (8e6, 0),
    },
    "ms": {"ms": (1, 0), "s": (1e3, 0), "μs": (1e-3, 0), "us": (1e-3, 0)},
    "MHz": {"MHz": (1, 0), "kHz": (1e-3, 0), "GHz": (1e3, 0)},
    "count": {"count": (1, 0), "people": (1, 0), "persons": (1, 0), "": (1, 0)},
    "/": {"/": (1, 0), "": (1, 0), "%": (0.01, 0)},
}
"""Upper and lower case differ: mW is no MW."""

UNIT_QUANTITIES = {
    "W": "power",
    "VA": "apparent_power",
    "Wh": "energy",
    "A": "current",
    "V": "voltage",
    "Cel": "temperature",
    "dBm": "rssi",
    "lx": "illuminance",
    "hPa": "pressure",
}
"""What is measured where a unit alone can say it, by our unit. Neither ``%`` nor ``ppm`` can."""


@lru_cache(maxsize=512)
def plain_unit(told: str) -> str:
    """A unit without the ways of writing it: one kind of degree sign and of micro, no blanks around it.

    NFKC turns ℃ into two characters and the micro sign into the letter mu; the ordinal º is what many keyboards give.
    """
    return unicodedata.normalize("NFKC", told.replace("º", "°")).strip()


def scale(quantity: str, told: str) -> tuple[float, float] | None:
    """Factor and offset from a told unit to the quantity's own; None when it is none of that quantity's."""
    return _SCALES.get(QUANTITIES[quantity].unit, {}).get(plain_unit(told))


def convert(value: float, quantity: str, told: str) -> float | None:
    """The value in the quantity's own unit; None when ``told`` is none of its units.

    Results are rounded to twelve digits, so that 0.1 kW is 100 W and not 100.00000000000001.
    """
    found = scale(quantity, told)
    if found is None:
        return None
    factor, offset = found
    return value if (factor, offset) == (1, 0) else float(f"{value * factor + offset:.12g}")


def quantity_of_unit(told: str) -> str | None:
    """What a unit alone says is measured; None when several quantities have it, or none."""
    plain = plain_unit(told)
    for unit, quantity in UNIT_QUANTITIES.items():
        # A bare C or F is degrees only where a class or a key says so: C is also coulomb, F farad.
        if plain in _SCALES[unit] and plain not in {"C", "F", "K"}:
            return quantity
    return None
