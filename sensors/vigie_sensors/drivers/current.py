"""Current, apparent power and use of an outlet or circuit, from a clamp on an MCP3008 ADC.

``sample`` runs on the sensor's own thread, once a period, and samples as fast as it can for some mains periods;
``waveform`` makes the true RMS of them.
"""

from __future__ import annotations

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import REQUIRED, Context, DriverError, DriverSpec, Option, SensorConfig
from vigie_sensors.pins import Adc
from vigie_sensors.waveform import Waveform, measure_waveform

BIAS_RANGE = (0.25, 0.75)
"""Where the middle of the input must be, as a share of the reference: the divider of two equal resistors puts it at
0.5. Wider would take a chip without power for a circuit without load; narrower would refuse 20 % resistors."""
CLIPPED_SAMPLES = 2
"""At an end of the scale. Lower lets one disturbed sample hide a good measure; higher lets clipped peaks pass."""
HYSTERESIS = 0.8
"""An outlet in use stays so down to this share of the threshold. Higher flickers with the load at the threshold;
lower keeps an idle charger in use."""

_OPTIONS = (
    Option("channel", "int", "The ADC's input, CH0 to CH7", REQUIRED, low=0, high=7),
    Option(
        "amps_per_volt", "float", "Of a clamp with voltage output: SCT-013-030 has 1 V at 30 A", 30.0, "A/V", 0.1, 1e4
    ),
    Option(
        "burden_ohm", "float", "Of a clamp with current output: its resistor; then `turns` counts", None, "Ω", 0.1, 1e4
    ),
    Option("turns", "int", "Of a clamp with current output: SCT-013-000 has 2000", 2_000, low=1, high=100_000),
    Option("line_voltage_v", "float", "For the apparent power: no voltage is measured", 230.0, "V", 50, 480),
    Option("line_hz", "int", "Mains frequency, 50 or 60", 50, "Hz", 50, 60),
    Option("periods", "int", "Mains periods a sample: more is steadier and costs processor time", 10, low=2, high=100),
    Option("noise_a", "float", "What is below is the noise of clamp and ADC, and reads as 0 A", 0.1, "A", 0, 10),
    Option("in_use_above_a", "float", "In use from this current on", 0.2, "A", 0.01, 100),
    Option("reference_v", "float", "On the ADC's VREF", 3.3, "V", 1, 5),
    Option("clock_pin", "int", "BCM number to CLK; 11 for hardware SPI", 11, low=2, high=27),
    Option("mosi_pin", "int", "BCM number to DIN; 10 for hardware SPI", 10, low=2, high=27),
    Option("miso_pin", "int", "BCM number from DOUT; 9 for hardware SPI", 9, low=2, high=27),
    Option("select_pin", "int", "BCM number to CS; 8 or 7 for hardware SPI", 8, low=2, high=27),
)
_WIRING = """\
A split-core clamp (SCT-013…) around one conductor only, live or neutral, never both: nothing is cut, no mains wire is
touched; opening a distribution board is for an electrician. MCP3008: VDD and VREF to 3.3 V (not 5 V: DOUT follows it),
AGND and DGND to GND, CLK to GPIO11, DOUT to GPIO9, DIN to GPIO10, CS to GPIO8. One wire of the clamp to CHx, the other
to the middle of two 10 kΩ from 3.3 V to GND, with 10 µF from that middle to GND. Clamps with current output also need
their burden resistor across them (33 Ω for SCT-013-000 up to 50 A): without it, their voltage is dangerous.
Turn SPI on (raspi-config) and install python3-spidev; on other pins, software SPI samples about ten times slower."""


class Current:
    """One clamp."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._options = options
        burden_ohm = options["burden_ohm"]
        amps_per_volt = options["amps_per_volt"] if burden_ohm is None else options["turns"] / burden_ohm
        self._amps = amps_per_volt * options["reference_v"] / Adc.full_scale
        self._in_use = False
        self._adc = Adc(
            options["channel"], options["clock_pin"], options["mosi_pin"], options["miso_pin"], options["select_pin"]
        )

    def sample(self) -> list[Reading]:
        """The current, the apparent power and whether the outlet is in use."""
        samples = self._take()
        current_a, reason = self._current(samples)
        now_ts = self._clock.now_ts()
        if current_a is None:
            return [Reading(f"{self._name}-{what}", now_ts, None, reason) for what in ("current", "va", "in-use")]
        threshold_a = self._options["in_use_above_a"]
        self._in_use = current_a > (threshold_a * HYSTERESIS if self._in_use else threshold_a)
        return [
            Reading(f"{self._name}-current", now_ts, current_a),
            Reading(f"{self._name}-va", now_ts, current_a * self._options["line_voltage_v"]),
            Reading(f"{self._name}-in-use", now_ts, float(self._in_use)),
        ]

    def _take(self) -> list[tuple[float, int]]:
        """Sample for the asked number of periods: (seconds, ADC steps)."""
        duration_s = self._options["periods"] / self._options["line_hz"]
        start_s = self._real_s()
        samples = [(start_s, self._adc.read())]
        while samples[-1][0] - start_s < duration_s:
            samples.append((self._real_s(), self._adc.read()))
        return samples

    def _real_s(self) -> float:
        # The mains has 50 periods in a real second, also in a simulated day: its clock is faster, the ADC is not.
        return self._clock.now_mono() / self._clock.speed

    def _current(self, samples: list[tuple[float, int]]) -> tuple[float | None, str | None]:
        waveform = measure_waveform(samples, self._options["line_hz"])
        if waveform is None:
            return None, "failed"
        self._check_bias(waveform)
        if sum(step in (0, Adc.full_scale) for _, step in samples) >= CLIPPED_SAMPLES:
            return None, "out-of-range"
        current_a = waveform.rms * self._amps
        return (current_a if current_a >= self._options["noise_a"] else 0.0), None

    def _check_bias(self, waveform: Waveform) -> None:
        low, high = BIAS_RANGE
        if not low <= waveform.offset / Adc.full_scale <= high:
            volts = waveform.offset / Adc.full_scale * self._options["reference_v"]
            raise DriverError(
                f"MCP3008 channel {self._options['channel']} stands at {volts:.2f} V instead of half its reference: "
                "check the chip's supply, CS and DOUT, and the two bias resistors"
            )

    def close(self) -> None:
        """Give the bus back."""
        self._adc.close()


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """``{name}-current``: current; ``{name}-va``: apparent_power; ``{name}-in-use``: in_use."""
    return tuple(
        Channel(f"{config.name}-{suffix}", quantity, config.period_s, config.room, config.label)
        for suffix, quantity in (("current", "current"), ("va", "apparent_power"), ("in-use", "in_use"))
    )


DRIVER = DriverSpec(
    name="current",
    kind="outlets",
    text="Current, apparent power and use of an outlet or circuit: a clamp on an MCP3008",
    wiring=_WIRING,
    options=_OPTIONS,
    period_s=10.0,
    channels=channels,
    open=Current,
)
