"""``node.json``: what this node is, whom it speaks with and what hangs on its pins. Read once, by ``node``.

Written by ``enrolment`` but for the sensors, which a person adds. A wrong file is said with its key, what stands
there and what was expected; the node then waits to be told better (``main``).
"""

import json

from vigie_node.sensors import KINDS

PERIOD_S = 10
"""Between two readings of a sensor, where it does not say. Lower fills the journal sooner; higher makes the board
later."""
MOST_CHANNELS = 64
"""Of a node: the birth must fit in its RAM."""

MOST_LABEL = 64
"""Characters of a label, as the protocol says: a gateway refuses the whole birth for one that is longer."""


class ConfigError(Exception):
    """The file cannot be used; one line says why."""


class Sensor:
    """One entry of ``sensors``.

    Attributes:
        id: Its channels begin with it.
        kind: A word of ``sensors.KINDS``.
        period_ms: Between two readings.
        options: As written, over the defaults of its kind.
    """

    def __init__(self, id_: str, kind: str, period_ms: int, options: dict[str, object]) -> None:
        self.id = id_
        self.kind = kind
        self.period_ms = period_ms
        self.options = options

    def channels(self) -> list[dict[str, object]]:
        """As ``senml.birth`` takes them."""
        found = []
        for suffix, quantity in KINDS[self.kind].CHANNELS:
            channel: dict[str, object] = {"id": self.id + suffix, "quantity": quantity}
            channel["period_s"] = self.period_ms / 1000
            for key in ("room", "label"):
                if key in self.options:
                    channel[key] = self.options[key]
            found.append(channel)
        return found


class Config:
    """The file.

    Attributes:
        site: The place's id.
        node: This node's id, and its name at the broker.
        password: Its own.
        brokers: (host, port), best first.
        gateways: Whose acknowledgements free the journal.
        wifi: (ssid, password), tried in turn.
        authority: PEM of the place's; "" speaks without encryption, which only a test's broker takes.
        time_host: NTP server; the first broker where it is not named.
        updates: (host, port) of who offers newer versions of this program; None: nobody is asked.
        sensors: In their order.
    """

    def __init__(self, text: str) -> None:
        """Read it; raises ConfigError."""
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ConfigError("node.json: no JSON: " + str(error))
        if not isinstance(found, dict):
            raise ConfigError("node.json: expected an object")
        self.site = _id(found, "site")
        self.node = _id(found, "node")
        self.password = _word(found, "password")
        self.brokers = [(_word(one, "host"), _whole(one, "port", 1, 65_535)) for one in _list(found, "brokers")]
        if not self.brokers:
            raise ConfigError("node.json: brokers is empty: expected one at least")
        self.gateways = [str(one) for one in _list(found, "gateways")]
        if not self.gateways:
            raise ConfigError("node.json: gateways is empty: nothing would ever be acknowledged")
        self.wifi = [(_word(one, "ssid"), _word(one, "password", "")) for one in _list(found, "wifi", [])]
        self.authority = str(found.get("ca", ""))
        self.time_host = str(found.get("time_host", self.brokers[0][0]))
        update = found.get("update")
        self.updates = None if update is None else (_word(update, "host"), _whole(update, "port", 1, 65_535))
        self.sensors = [_sensor(one, index) for index, one in enumerate(_list(found, "sensors", []))]
        channels = [channel["id"] for sensor in self.sensors for channel in sensor.channels()]
        if len(set(channels)) != len(channels) or len(channels) > MOST_CHANNELS:
            raise ConfigError("node.json: sensors: two have one id, or more than " + str(MOST_CHANNELS) + " channels")


def _sensor(found: object, index: int) -> Sensor:
    where = "sensors " + str(index)
    if not isinstance(found, dict):
        raise ConfigError("node.json: " + where + ": expected an object")
    kind = found.get("kind")
    if kind not in KINDS:
        raise _wrong(where + ": kind", kind, "one of " + ", ".join(sorted(KINDS)))
    made = KINDS[kind]
    period_s = found.get("period_s", PERIOD_S)
    if not isinstance(period_s, (int, float)) or not 0.5 <= period_s <= 3_600:
        raise _wrong(where + ": period_s", period_s, "0.5 to 3600")
    id_ = _id(found, "id")
    known = {"kind", "id", "period_s", "room", "label"} | set(made.PINS) | set(made.INPUTS) | set(made.DEFAULTS)
    for key in sorted(found):
        if key not in known:
            raise _wrong(where + ": " + key, found[key], "one of " + ", ".join(sorted(known)))
    _check_words(found, where)
    options = dict(made.DEFAULTS)
    options.update(found)
    for key in made.PINS + made.INPUTS:
        _whole(found, key, 0, 48)
    for key, usual in made.DEFAULTS.items():
        if type(options[key]) is not type(usual) and not (isinstance(usual, float) and isinstance(options[key], int)):
            raise _wrong(where + ": " + key, options[key], "such as " + str(usual))
    return Sensor(id_, kind, int(period_s * 1_000), options)


def _check_words(found: dict[str, object], where: str) -> None:
    """Of what the birth repeats: a gateway would refuse the whole of it."""
    if "room" in found:
        _id(found, "room")
    label = found.get("label", "")
    if not isinstance(label, str) or len(label) > MOST_LABEL:
        raise _wrong(where + ": label", label, "text of at most " + str(MOST_LABEL) + " characters")


def _wrong(key: str, found: object, expected: str) -> ConfigError:
    return ConfigError("node.json: " + key + " is " + repr(found)[:60] + ", expected " + expected)


def _id(found: dict[str, object], key: str) -> str:
    value = found.get(key)
    if isinstance(value, str) and 0 < len(value) <= 32 and not value.strip("abcdefghijklmnopqrstuvwxyz0123456789-"):
        return value
    raise _wrong(key, value, "1 to 32 characters of a-z, 0-9 and -")


def _word(found: object, key: str, usual: str | None = None) -> str:
    value = found.get(key, usual) if isinstance(found, dict) else None
    if isinstance(value, str) and (value or usual is not None):
        return value
    raise _wrong(key, "" if key == "password" else value, "text")


def _whole(found: object, key: str, low: int, high: int) -> int:
    value = found.get(key) if isinstance(found, dict) else None
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise _wrong(key, value, "a whole number, " + str(low) + " to " + str(high))


def _list(found: dict[str, object], key: str, usual: list[object] | None = None) -> list[object]:
    value = found.get(key, usual)
    if isinstance(value, list):
        return value
    raise _wrong(key, value, "a list")
