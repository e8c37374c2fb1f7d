"""A line of a file that is the system's own, set or taken out again; the rest of the file stays as it is. Pure."""

from __future__ import annotations

import re

from vigie_gateway.install.actions import Line


def with_line(text: str, wanted: Line) -> str:
    """The file's text with the line in its section; unchanged where it is so already.

    A line that was switched off by a ``#`` is switched on in its place, as the file's author meant it, and switched off
    again when it is taken out.
    """
    lines = text.splitlines()
    heading = next((number for number, line in enumerate(lines) if line.strip() == f"[{wanted.section}]"), None)
    inside = range(0) if heading is None else _below(lines, heading)
    key = rf"\s*{re.escape(wanted.key)}\s*="
    if wanted.value is None:
        off = [f"#{line}" if at in inside and re.match(key, line) else line for at, line in enumerate(lines)]
        return text if off == lines else _joined(off)
    set_at = next((number for number in inside if re.match(key, lines[number])), None)
    line = f"{wanted.key}={wanted.value}"
    off_at = next((number for number in inside if re.match(f"#{key}", lines[number])), None)
    place = set_at if set_at is not None else off_at
    if place is not None:
        lines[place] = line
    elif heading is not None:
        lines.insert(heading + 1, line)
    else:
        lines += [f"[{wanted.section}]", line]
    return _joined(lines)


def _below(lines: list[str], heading: int) -> range:
    """Where the lines of a section stand."""
    others = (at for at in range(heading + 1, len(lines)) if re.match(r"\s*\[.+\]\s*$", lines[at]))
    return range(heading + 1, next(others, len(lines)))


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
