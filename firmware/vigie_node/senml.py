"""Packs and births as text, byte for byte as ``vigie_contract`` writes them. Called by ``link``.

Written by hand since ``json`` here keeps no order of keys, and the order is part of what both ends agree on.
"""

PACK_RECORDS = 40
"""Of one message, 60 bytes each. Lower costs a message's overhead more often; higher asks for more RAM at once than a
Pico has in one piece after some days."""

STATES = ("occupied", "closed", "open", "in_use", "switched_on", "mains", "out_of_order", "power_save")
"""Quantities that are true or false."""
CHOICES = ("start_cause",)
"""Quantities whose value is the index of a word; the birth lists the words."""
UNITS = {
    "people_in": "count",
    "people_out": "count",
    "people": "count",
    "current": "A",
    "apparent_power": "VA",
    "voltage": "V",
    "battery": "%EL",
    "temperature": "Cel",
    "humidity": "%RH",
    "carbon_dioxide": "ppm",
    "rssi": "dBm",
    "free_memory": "B",
    "starts": "count",
}
"""Of what a node of this kind measures, beside states, whose unit is 1. All as in docs/protocol.md."""
DECIMALS = {"current": 2, "voltage": 2, "temperature": 1, "humidity": 1}
"""What is worth keeping of a value; none where it is not named."""


def unit_of(quantity: str) -> str:
    """As docs/protocol.md says it."""
    return "1" if quantity in STATES or quantity in CHOICES else UNITS[quantity]


def quoted(text: str) -> str:
    """A JSON string."""
    out = ""
    for sign in text:
        if sign in '"\\':
            out += "\\" + sign
        elif ord(sign) < 32:
            out += "\\u%04x" % ord(sign)
        else:
            out += sign
    return '"' + out + '"'


def thousandths(value_ms: int) -> str:
    """Milliseconds as seconds, with no zero at the end but the one after the point."""
    sign, value_ms = ("-", -value_ms) if value_ms < 0 else ("", value_ms)
    part = ("%03d" % (value_ms % 1000)).rstrip("0")
    return sign + str(value_ms // 1000) + "." + (part or "0")


def number(value: float, decimals: int) -> str:
    """Rounded; a whole number without a point."""
    if isinstance(value, int):
        return str(value)
    text = "%.*f" % (decimals, value)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def birth(software: str, boot: str, channels: list[dict[str, object]]) -> str:
    """The payload of ``about``: what the node is, and its channels in their order."""
    entries = []
    for channel in channels:
        quantity = str(channel["quantity"])
        entry = '{"id":' + quoted(str(channel["id"])) + ',"quantity":' + quoted(quantity)
        entry += ',"unit":' + quoted(unit_of(quantity)) + ',"period_s":' + str(float(str(channel["period_s"])))
        for key in ("room", "label"):
            if channel.get(key):
                entry += ',"' + key + '":' + quoted(str(channel[key]))
        labels = channel.get("labels")
        if isinstance(labels, tuple):
            entry += ',"labels":[' + ",".join([quoted(word) for word in labels]) + "]"
        entries.append(entry + "}")
    about = '{"v":1,"software":' + quoted(software) + ',"boot":' + quoted(boot)
    return about + ',"channels":[' + ",".join(entries) + "]}"


def record(channel: str, quantity: str, value: float | None, reason: str, age_ms: int) -> str:
    """One reading of a pack, without the brackets of its object."""
    text = '"n":' + quoted(channel) + ',"t":' + thousandths(-age_ms)
    if value is None:
        return text + ',"vs":' + quoted(reason)
    if quantity in STATES:
        return text + ',"vb":' + ("true" if value else "false")
    if quantity in CHOICES:
        return text + ',"v":' + number(value, 0)
    return text + ',"u":' + quoted(unit_of(quantity)) + ',"v":' + number(value, DECIMALS.get(quantity, 0))


def pack(base: str, journal: str, first: int, floor: int, last: int, records: list[str]) -> str:
    """The payload of ``data``, of ages: ``records`` follow each other from ``first``."""
    envelope = '"bn":' + quoted(base) + ',"journal":' + quoted(journal)
    envelope += ',"first":' + str(first) + ',"floor":' + str(floor) + ',"last":' + str(last)
    return "[{" + envelope + "," + "},{".join(records) + "}]"
