"""What an enrolment changes in sensors.toml: who this node is and where its broker is; all else stays as it was typed.

Text in, text out. Called by ``course``. Lines are changed rather than the document written anew, so that comments and
order stay; what comes out is read back and compared, so that a file that is written in another way is refused and
never spoilt.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

_HEADER = re.compile(r"\s*\[")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_OWN_KEYS = ("host", "port", "username", "password_file", "ca_file")

STARTER = """\
# What this node measures: docs/configuration.md and docs/drivers.md (/opt/vigie/docs) have every key and driver.

[broker]

# The two that need no wire. Further ones: vigie-sensors list.
[[sensors]]
name = "rtt"
driver = "latency"

[[sensors]]
name = "dns"
driver = "dns"
"""
"""Of a node that has none yet."""


class SensorsFileError(Exception):
    """The file cannot be changed by a program; one line for a person, with what to write by hand."""


def with_broker(text: str, top: Mapping[str, Any], broker: Mapping[str, Any]) -> str:
    """The file with these top-level keys and this ``[broker]`` table.

    Args:
        text: As it is; empty for none.
        top: Keys before the first table, and their values.
        broker: All of the table.

    Raises:
        SensorsFileError: It is no TOML, or says these things in a way that lines do not tell.
    """
    text = text or STARTER
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SensorsFileError(f"is no valid TOML: {error}") from error
    lines = _set_top(text.splitlines(), {key: value for key, value in top.items() if before.get(key) != value})
    lines = _set_broker(lines, broker)
    changed = "\n".join(lines) + "\n"
    wanted = {**before, **top, "broker": dict(broker)}
    try:
        found = tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        found = {}
    if found != wanted:
        by_hand = ", ".join(f"{key} = {_value(value)}" for key, value in {**top, **broker}.items())
        raise SensorsFileError(f"is written in a way that cannot be changed line by line: write into it {by_hand}")
    return changed


def _set_top(lines: list[str], values: Mapping[str, Any]) -> list[str]:
    end = next((at for at, line in enumerate(lines) if _HEADER.match(line)), len(lines))
    head, left = lines[:end], dict(values)
    for at, line in enumerate(head):
        match = _KEY.match(line)
        if match is not None and match[1] in left:
            head[at] = f"{match[1]} = {_value(left.pop(match[1]))}"
    added = [f"{key} = {_value(value)}" for key, value in left.items()]
    if added:
        # After the comments that open the file, before what they do not speak of.
        at = next((at for at, line in enumerate(head) if not line.lstrip().startswith("#")), len(head))
        head[at:at] = added if at == 0 or head[at - 1 : at] == [""] else ["", *added]
    return head + lines[end:]


def _set_broker(lines: list[str], broker: Mapping[str, Any]) -> list[str]:
    start = next((at for at, line in enumerate(lines) if re.match(r"\s*\[\s*broker\s*\]", line)), None)
    own = [f"{key} = {_value(value)}" for key, value in broker.items()]
    if start is None:
        end = next((at for at, line in enumerate(lines) if _HEADER.match(line)), len(lines))
        return [*lines[:end], "[broker]", *own, "", *lines[end:]]
    end = next((at for at in range(start + 1, len(lines)) if _HEADER.match(lines[at])), len(lines))
    kept = [line for line in lines[start + 1 : end] if (match := _KEY.match(line)) is None or match[1] not in _OWN_KEYS]
    return [*lines[: start + 1], *own, *kept, *lines[end:]]


def _value(value: Any) -> str:
    """As TOML writes it: of text, numbers and lists of text JSON's form is TOML's too."""
    return json.dumps(value, ensure_ascii=True)
