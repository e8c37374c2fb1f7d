"""Writes what was meant into the text of ``site.toml``, and keeps all else as it was.

Pure, and the one module that knows tomlkit. The text is cut at its table headers, so that a table that nobody changed
stays byte for byte; in one that was changed tomlkit keeps the comments, the order and the spacing of its lines. A table
that is taken away leaves the comment lines after it: as a rule they speak of what follows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from vigie_contract.toml_lines import headers_of
from vigie_gateway.setup.typed import Entry, Meant

_BEGUN = "# The place, as it was set up in the browser. docs/configuration.md explains every key.\n\n"
_AFTER_NEWLINE = re.compile(r"(?<=\n)")


class RecipeError(Exception):
    """The text cannot be edited so that it says what was meant; one line for a person. The text is as it was."""


@dataclass(slots=True)
class _Block:
    """A stretch of the file from one table header to the next; the first has no header.

    Attributes:
        path: Of its header.
        is_array: Whether it is one table of an array.
        text: The header's line, with its end; "" for the first.
        body: The lines below.
        parts: Tables below a table of an array: they go with it.
    """

    path: tuple[str, ...]
    is_array: bool
    text: str
    body: str
    parts: list[_Block] = field(default_factory=list)

    def last(self) -> _Block:
        """The part that ends it, or itself."""
        return self.parts[-1] if self.parts else self


def rewrite(text: str, meant: Meant) -> str:
    """The text of a site file with what was meant in it.

    Args:
        text: Valid TOML; "" for a place without a file.
        meant: Keys and sections; an entry's source counts the tables of its section in ``text``. In the file the tables
            that were there keep their order, and new ones follow them.

    Raises:
        RecipeError: It is written in a way that cannot be edited here.
    """
    try:
        before = tomllib.loads(text)
        blocks = _cut(text or _BEGUN)
        for path, value in meant.keys.items():
            _set_key(blocks, path, value)
        for section, entries in meant.sections.items():
            _set_section(blocks, section, entries, before.get(section, []))
        result = "".join(one.text + one.body for block in blocks for one in (block, *block.parts))
        found = tomllib.loads(result)
    except (TOMLKitError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise RecipeError(f"the site file cannot be edited here: {error}") from error
    if found != _expected(before, meant):
        raise RecipeError("the site file is written in a way that cannot be edited here: it needs a text editor")
    return result


def shared(text: str) -> str:
    """The recipe of a place, for others: without calendars at an address, which may hold a secret, and passwords.

    Raises:
        RecipeError: It cannot be edited here.
    """
    raw = tomllib.loads(text)
    calendars = raw.get("calendars", [])
    kept = [Entry(number, {}) for number, calendar in enumerate(calendars) if "url" not in calendar]
    meant = Meant(sections={"calendars": kept} if calendars else {})
    if "wifi_password" in raw.get("visitors", {}):
        meant.keys["visitors", "wifi_password"] = None
    return rewrite(text, meant)


def _expected(before: Mapping[str, Any], meant: Meant) -> dict[str, Any]:
    """What the new text must say: it is not given out when it says anything else."""
    result = deepcopy(dict(before))
    for path, value in meant.keys.items():
        table = result
        for key in path[:-1]:
            table = table.get(key, {}) if value is None else table.setdefault(key, {})
        _put(table, path[-1], value)
    for section, entries in meant.sections.items():
        tables = result.pop(section, [])
        ordered = _ordered(entries)
        if ordered:
            result[section] = [{} if one.source is None else tables[one.source] for one in ordered]
        for table, entry in zip(result.get(section, []), ordered, strict=True):
            for key, value in entry.values.items():
                _put(table, key, value)
    return result


def _ordered(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.source is None, entry.source or 0))


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _split(text: str) -> list[str]:
    """Lines with their ends; a string may hold what splitlines() takes for one."""
    return [line for line in _AFTER_NEWLINE.split(text) if line]


def _cut(text: str) -> list[_Block]:
    lines, heads = _split(text), headers_of(text)
    starts = [*(head.line - 1 for head in heads), len(lines)]
    blocks = [_Block((), is_array=False, text="", body="".join(lines[: starts[0]]))]
    for head, start, end in zip(heads, starts, starts[1:], strict=False):
        block = _Block(head.path, head.is_array, lines[start], "".join(lines[start + 1 : end]))
        owner = next((one for one in reversed(blocks) if one.is_array), None)
        is_part = owner is not None and len(head.path) > 1 and owner.path == head.path[:1]
        (owner.parts if owner is not None and is_part else blocks).append(block)
    return blocks


def _set_key(blocks: list[_Block], path: tuple[str, ...], value: Any) -> None:
    table, key = path[:-1], path[-1]
    block = next((one for one in blocks if one.path == table and not one.is_array), None)
    if value is None:
        for whole in [one for one in blocks if one.path[: len(path)] == path and not one.is_array]:
            _take_away(blocks, whole)
    if block is None and value is not None:
        block = _Block(table, is_array=False, text=f"[{'.'.join(table)}]\n", body="")
        _insert(blocks, max(number for number, one in enumerate(blocks) if not one.is_array), block)
    if block is not None:
        _edit(block, {key: value})


def _set_section(
    blocks: list[_Block], section: str, entries: Sequence[Entry], tables: Sequence[Mapping[str, Any]]
) -> None:
    there = [block for block in blocks if block.path == (section,) and block.is_array]
    kept = [entry.source for entry in entries if entry.source is not None]
    if len(there) != len(tables) or len(kept) > len(set(kept)):
        raise RecipeError(f"[[{section}]] is written in a way that cannot be edited here: it needs a text editor")
    for entry in _ordered(entries):
        if entry.source is not None:
            was = tables[entry.source]
            _edit(there[entry.source], {key: value for key, value in entry.values.items() if was.get(key) != value})
            continue
        block = _Block((section,), is_array=True, text=f"[[{section}]]\n", body="")
        _edit(block, entry.values)
        ours = [number for number, one in enumerate(blocks) if one.path == (section,)]
        _insert(blocks, ours[-1] if ours else len(blocks) - 1, block)
    for number, block in enumerate(there):
        if number not in kept:
            _take_away(blocks, block)


def _take_away(blocks: list[_Block], block: _Block) -> None:
    place = blocks.index(block)
    above = blocks[place - 1].last()
    remains = _trailing(block.last().body)
    if remains.strip():
        _end_line(above)
        above.body += remains if above.body.endswith("\n\n") or remains[0] in "\r\n" else "\n" + remains
    del blocks[place]


def _insert(blocks: list[_Block], place: int, block: _Block) -> None:
    """Put a block after that one, with an empty line between; the comments that end the other stay at the end."""
    above = blocks[place].last()
    following = _trailing(above.body)
    above.body = above.body[: len(above.body) - len(following)]
    _end_line(above)
    is_first = not above.text and not above.body
    if is_first:
        above.body, following = following, ""
    elif not above.body.endswith("\n\n"):
        above.body += "\n"
    block.body += following if following.strip() else "\n" * (place + 1 < len(blocks))
    blocks.insert(place + 1, block)


def _edit(block: _Block, values: Mapping[str, Any]) -> None:
    """Change keys of a block; those that are new come below its last key."""
    body = tomlkit.parse(block.body)
    now = body.unwrap()
    for key, value in values.items():
        if key in now and value is None:
            body.remove(key)
        elif key in now and now[key] != value:
            body[key] = _item(value)
    new = tomlkit.document()
    for key, value in values.items():
        if key not in now and value is not None:
            new.add(key, _item(value))
    text = tomlkit.dumps(body)
    if new:
        following = _trailing(text)
        text = text[: len(text) - len(following)]
        text += "" if not text or text.endswith("\n") else "\n"
        if not block.text and not text:  # a new file begins with what it is
            text, following = following, ""
        text += tomlkit.dumps(new) + following
    block.body = text


def _item(value: Any) -> Any:
    if isinstance(value, dict):  # with the spaces that people write
        pairs = ", ".join(f"{tomlkit.key(key).as_string()} = {_item(one).as_string()}" for key, one in value.items())
        return tomlkit.value(f"{{ {pairs} }}")
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):  # a line each, in its table
        lines = "".join(f"  {_item(one).as_string()},\n" for one in value)
        return tomlkit.value(f"[\n{lines}]")
    return tomlkit.item(value)


def _trailing(body: str) -> str:
    """The empty lines and comments after the last key of a block's body."""
    lines = _split(body)
    for end in _ends(lines):
        try:
            tomllib.loads("".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue  # it was the middle of a value that goes over several lines
        return "".join(lines[end:])
    return ""


def _ends(lines: Sequence[str]) -> Iterator[int]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    yield from range(end, len(lines) + 1)


def _end_line(block: _Block) -> None:
    if block.body:
        block.body += "" if block.body.endswith("\n") else "\n"
    elif block.text and not block.text.endswith("\n"):
        block.text += "\n"
