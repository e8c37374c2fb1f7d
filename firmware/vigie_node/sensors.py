"""What a node measures: a class for each kind of sensor, as the drivers of the same names in ``vigie_sensors``.

Made and asked by ``node``. Each has ``CHANNELS``, what it adds to its id and the quantity; is given the edges of its
pins; and says once a period what is true now, as (value, reason) in the order of its channels.
"""

from vigie_node.boards.board import Board
from vigie_node.crossing import INNER, OUTER, Crossing
from vigie_node.waveform import STEPS, rms

TYPE_CHECKING = False
if TYPE_CHECKING:  # MicroPython has neither, and reads no annotation
    from vigie_node.scd4x import Scd4x

PERIODS = 10
"""Of the mains, that a clamp is looked at: more is steadier, and holds the loop for longer."""
CLIPPED = 20
"""A clamp that comes so near to the ends of its input, of STEPS, has been cut off there: it measures too little."""


class Kind:
    """What every kind has.

    Attributes:
        CHANNELS: (what is added to the sensor's id, quantity), in order.
        PINS: Options that name a pin, each watched.
        INPUTS: Options that name a pin that is asked each period.
        DEFAULTS: Of the other options.
    """

    CHANNELS: tuple[tuple[str, str], ...] = ()
    PINS: tuple[str, ...] = ()
    INPUTS: tuple[str, ...] = ()
    DEFAULTS: dict[str, object] = {}

    def __init__(self, options: dict[str, object], now_ms: int) -> None:
        raise NotImplementedError

    def edge(self, at_ms: int, pin: int, active: bool) -> bool:
        """Take one of a pin, the first as it stands at the start; whether what it says is to be sent at once."""
        return False

    def say(self, now_ms: int, board: Board) -> list[tuple[float | None, str]]:
        """What is true now: of each channel (value, ""), or (None, why it is unknown); nothing: there is no news."""
        raise NotImplementedError


class Door(Kind):
    """People in and out of a door: two light beams."""

    CHANNELS = (("-in", "people_in"), ("-out", "people_out"))
    PINS = ("outer", "inner")
    DEFAULTS = {"active_low": True, "stuck_s": 20}

    def __init__(self, options: dict[str, object], now_ms: int) -> None:
        self._crossing = Crossing(whole(options["stuck_s"]) * 1_000)
        self._beams = {options["outer"]: OUTER, options["inner"]: INNER}

    def edge(self, at_ms: int, pin: int, active: bool) -> bool:
        """Take one; whether what it says should be sent at once."""
        self._crossing.feed(at_ms, self._beams[pin], active)
        return False

    def say(self, now_ms: int, board: Board) -> list[tuple[float | None, str]]:
        """Both totals since the start; ``busy`` while something stands in a beam."""
        self._crossing.advance(now_ms)
        if self._crossing.is_blocked():
            return [(None, "busy"), (None, "busy")]
        return [(self._crossing.people_in, ""), (self._crossing.people_out, "")]


class Motion(Kind):
    """Somebody is there: a PIR motion sensor."""

    CHANNELS = (("", "occupied"),)
    PINS = ("pin",)
    DEFAULTS = {"active_low": False, "hold_s": 300, "warmup_s": 60}

    def __init__(self, options: dict[str, object], now_ms: int) -> None:
        self._ready_ms = now_ms + whole(options["warmup_s"]) * 1_000
        self._hold_ms = whole(options["hold_s"]) * 1_000
        self._active = False
        self._last_ms: int | None = None

    def edge(self, at_ms: int, pin: int, active: bool) -> bool:
        """Take one; that somebody came is told at once."""
        was = self._is_occupied(at_ms)
        if active or self._active:
            self._last_ms = at_ms
        self._active = active
        return was is not True and self._is_occupied(at_ms) is True

    def say(self, now_ms: int, board: Board) -> list[tuple[float | None, str]]:
        """Whether somebody is there; ``starting`` until that can be said."""
        occupied = self._is_occupied(now_ms)
        return [(None, "starting") if occupied is None else (int(occupied), "")]

    def _is_occupied(self, now_ms: int) -> bool | None:
        if now_ms < self._ready_ms:
            return None
        if self._active:
            return True
        if self._last_ms is not None and self._last_ms >= self._ready_ms:
            return now_ms - self._last_ms < self._hold_ms
        return False if now_ms - self._ready_ms >= self._hold_ms else None


class Clicker(Kind):
    """People in and out as a door keeper counts them: two buttons."""

    CHANNELS = (("-in", "people_in"), ("-out", "people_out"))
    PINS = ("plus", "minus")
    DEFAULTS = {"active_low": True, "debounce_ms": 30}

    def __init__(self, options: dict[str, object], now_ms: int) -> None:
        self._quiet_ms = whole(options["debounce_ms"])
        self._pins = (options["plus"], options["minus"])
        self._counts = [0, 0]
        # Of each button: whether it is pressed, and when it was let go; None for long ago.
        self._state: list[bool | None] = [None, None]
        self._released_ms: list[int | None] = [None, None]

    def edge(self, at_ms: int, pin: int, active: bool) -> bool:
        """Take one; a press is told at once."""
        way = self._pins.index(pin)
        was, self._state[way] = self._state[way], active
        released_ms = self._released_ms[way]
        if not active:
            self._released_ms[way] = None if was is None else at_ms
            return False
        if was is not False or (released_ms is not None and at_ms - released_ms < self._quiet_ms):
            return False
        self._counts[way] += 1
        return True

    def say(self, now_ms: int, board: Board) -> list[tuple[float | None, str]]:
        """Both totals since the start."""
        return [(count, "") for count in self._counts]


class Mains(Kind):
    """The circuit has voltage: an isolated mains detector."""

    CHANNELS = (("", "mains"),)
    PINS = ("pin",)
    DEFAULTS = {"active_low": True, "debounce_ms": 100}

    def __init__(self, options: dict[str, object], now_ms: int) -> None:
        self._settle_ms = whole(options["debounce_ms"])
        self._state: bool | None = None
        self._next: tuple[int, bool] | None = None

    def edge(self, at_ms: int, pin: int, active: bool) -> bool:
        """Take one; ``node`` asks again each second, which is soon enough."""
        self._advance(at_ms)
        self._next = None if active is self._state else (at_ms, active)
        return False

    def say(self, now_ms: int, board: Board) -> list[tuple[float | None, str]]:
        """Whether there is voltage; ``starting`` until that has settled."""
        self._advance(now_ms)
        return [(None, "starting") if self._state is None else (int(self._state), "")]

    def _advance(self, now_ms: int) -> None:
        if self._next is not None and now_ms - self._next[0] >= self._settle_ms:
            self._state, self._next = self._next[1], None


class Clamp(Kind):
    """Current, apparent power and use of an outlet or circuit: a clamp on an input that measures voltage."""

    CHANNELS = (("-current", "current"), ("-va", "apparent_power"), ("-in-use", "in_use"))
    INPUTS = ("adc",)
    DEFAULTS = {
        "amps_per_volt": 30.0,
        "line_voltage_v": 230.0,
        "line_hz": 50,
        "noise_a": 0.1,
        "in_use_above_a": 0.2,
        "reference_v": 3.3,
    }

    def __init__(self, options: dict[str, object], now_ms: int) -> None:
        self._options = options

    def say(self, now_ms: int, board: Board) -> list[tuple[float | None, str]]:
        """Of ten periods of the mains; ``out-of-range`` where the input reached its ends."""
        options = self._options
        period_us = 1_000_000 // whole(options["line_hz"])
        found = rms(board.samples(whole(options["adc"]), period_us, PERIODS), period_us)
        if found is None:
            return [(None, "failed")] * 3
        value, low, high = found
        if low <= CLIPPED or high >= STEPS - 1 - CLIPPED:
            return [(None, "out-of-range")] * 3
        amps = value * real(options["reference_v"]) * real(options["amps_per_volt"])
        amps = 0.0 if amps < real(options["noise_a"]) else amps
        in_use = int(amps >= real(options["in_use_above_a"]))
        return [(amps, ""), (amps * real(options["line_voltage_v"]), ""), (in_use, "")]


class Air(Kind):
    """Carbon dioxide, temperature and humidity: an SCD40 or SCD41."""

    CHANNELS = (("-co2", "carbon_dioxide"), ("-temperature", "temperature"), ("-humidity", "humidity"))
    INPUTS = ("sda", "scl")

    def __init__(self, options: dict[str, object], now_ms: int) -> None:
        self._pins = (whole(options["sda"]), whole(options["scl"]))
        self._sensor: "Scd4x | None" = None

    def say(self, now_ms: int, board: Board) -> list[tuple[float | None, str]]:
        """What it measured last, each once."""
        if self._sensor is None:
            from vigie_node.scd4x import Scd4x

            self._sensor = Scd4x(board.i2c(*self._pins), board.sleep_ms)
        return self._sensor.say(now_ms)


KINDS: dict[str, type[Kind]] = {
    "door": Door,
    "motion": Motion,
    "clicker": Clicker,
    "mains": Mains,
    "clamp": Clamp,
    "air": Air,
}
"""By the ``kind`` of ``node.json``."""


def whole(found: object) -> int:
    """Of the configuration, checked there."""
    return int(str(found))


def real(found: object) -> float:
    """Of the configuration, checked there."""
    return float(str(found))
