"""Alerts as an Atom feed (RFC 4287), for feed readers and chat rooms. Pure.

Ids are tag URIs (RFC 4151), so that they stay the same under whatever address the gateway is asked. The standard
library writes the XML: what cannot stand in XML 1.0 is left out of texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
_NAMESPACE = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no character of XML 1.0 (§2.2)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: ``number`` makes its id, ``begun_ts`` when it was published, ``changed_ts`` when it last changed."""

    number: int
    title: str
    text: str
    address: str
    begun_ts: float
    changed_ts: float


def encode(entries: Iterable[Entry], *, site: str, name: str, address: str, changed_ts: float) -> bytes:
    """A feed with those entries.

    Args:
        entries: The newest first.
        site: Id of the place.
        name: Of the feed.
        address: Of the feed itself.
        changed_ts: When it last changed, where it has no entry.
    """
    listed = list(entries)
    feed = ET.Element("feed", {"xmlns": _NAMESPACE})
    _add(feed, "id", _tag(site, "alerts"))
    _add(feed, "title", name)
    _add(feed, "updated", _time(max((one.changed_ts for one in listed), default=changed_ts)))
    ET.SubElement(feed, "link", {"rel": "self", "href": address})
    _add(ET.SubElement(feed, "author"), "name", name)
    for one in listed:
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", _tag(site, f"alert/{one.number}"))
        _add(entry, "title", one.title)
        _add(entry, "published", _time(one.begun_ts))
        _add(entry, "updated", _time(one.changed_ts))
        ET.SubElement(entry, "link", {"rel": "alternate", "href": one.address})
        _add(entry, "summary", one.text)
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _NOT_XML.sub("", text)


def _tag(site: str, what: str) -> str:
    return f"tag:{site}.vigie.invalid,2026:{what}"


def _time(at_ts: float) -> str:
    return datetime.fromtimestamp(at_ts, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
