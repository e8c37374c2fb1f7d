"""What the rest asks of the hardware: one file beside this for each kind of board. Called by ``node`` and ``link``."""

from vigie_node.trust import context


class I2c:
    """A bus with sensors on it, as MicroPython's own; each raises OSError when nobody answers."""

    def writeto(self, address: int, data: bytes) -> object:
        """Send that to a sensor."""
        raise NotImplementedError

    def readfrom(self, address: int, count: int) -> bytes:
        """So many bytes of a sensor."""
        raise NotImplementedError


class Board:
    """A board. Each file beside this gives every method; here, where MicroPython has no abstract classes, each raises.

    Attributes:
        name: For the health page, with the version of MicroPython.
        folder: Where files may be kept; ends without a slash.
    """

    name = ""
    folder = ""

    def now_ms(self) -> int:
        """Milliseconds since the start, that never go back and never wrap."""
        raise NotImplementedError

    def wall_ms(self) -> int | None:
        """Epoch milliseconds; None while nobody has told the time."""
        raise NotImplementedError

    def sleep_ms(self, duration_ms: int) -> None:
        """Rest; edges of pins are still noticed."""
        raise NotImplementedError

    def watch(self, pin: int, active_low: bool) -> bool:
        """Notice the edges of that pin from now on; whether it is active now."""
        raise NotImplementedError

    def edges(self) -> list[tuple[int, int, bool]]:
        """What happened since the last call, oldest first: (milliseconds, pin, whether it became active)."""
        raise NotImplementedError

    def lost_edges(self) -> int:
        """How many did not fit since the start: the loop was held for too long."""
        raise NotImplementedError

    def samples(self, adc: int, period_us: int, periods: int) -> list[int]:
        """Of an input, for so many whole periods: each as ``waveform`` wants it."""
        raise NotImplementedError

    def i2c(self, sda: int, scl: int) -> "I2c":
        """The bus on those two pins."""
        raise NotImplementedError

    def join(self, ssid: str, password: str) -> None:
        """Begin to join that Wi-Fi; returns at once."""
        raise NotImplementedError

    def is_joined(self) -> bool:
        """Whether the node has an address."""
        raise NotImplementedError

    def rssi_dbm(self) -> int | None:
        """Of the access point; None where it is not known."""
        raise NotImplementedError

    def ask_time(self, host: str) -> None:
        """Ask an NTP server, for half a second at most; ``wall_ms`` knows it then."""
        raise NotImplementedError

    def tls(self, authority: bytes) -> object:
        """A context that wraps sockets and trusts that authority alone (PEM)."""
        return context(authority)

    def free_bytes(self) -> int:
        """Of the heap."""
        raise NotImplementedError

    def reset_cause(self) -> str:
        """Why it started: ``power``, ``watchdog``, ``software``, ``pin`` or ``unknown``."""
        raise NotImplementedError

    def random_id(self, letters: int) -> str:
        """Of a-z and 0-9."""
        raise NotImplementedError

    def feed(self) -> None:
        """Tell the watchdog that the loop comes round."""
        raise NotImplementedError

    def restart(self) -> None:
        """Start again; does not return on a board."""
        raise NotImplementedError

    def open_access_point(self) -> str:
        """Begin a network of its own for the set-up page, with a password that the console says; its address there."""
        raise NotImplementedError
