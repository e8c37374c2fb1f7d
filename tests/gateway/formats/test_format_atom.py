"""Alerts as an Atom feed: what RFC 4287 asks of one."""

from datetime import datetime
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.formats.atom import Entry, encode

ATOM = "{http://www.w3.org/2005/Atom}"


def feed_of(*entries: Entry, site: str = "semaphore") -> ET.Element:
    address = "http://vigie.lan/alerts/feed.atom"
    return ET.fromstring(encode(entries, site=site, name="Le Sémaphore", address=address, changed_ts=5.0))  # noqa: S314 - our own


def test_a_feed_and_its_entries_have_what_rfc_4287_requires() -> None:
    feed = feed_of(Entry(7, "Café", "dead", "http://vigie.lan/alerts/7", 100.0, 160.0))
    assert feed.tag == f"{ATOM}feed"
    for parent in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"{ATOM}{name}")) == 1
        assert datetime.fromisoformat(parent.findtext(f"{ATOM}updated") or "").tzinfo is not None
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert feed.findtext(f"{ATOM}updated") == "1970-01-01T00:02:40Z"
    assert [link.get("rel") for link in feed.iter(f"{ATOM}link")] == ["self", "alternate"]


def test_an_id_does_not_change_with_what_is_said_and_differs_between_alerts() -> None:
    entries = (Entry(7, "a", "", "x", 1.0, 1.0), Entry(7, "b", "", "y", 1.0, 9.0), Entry(8, "a", "", "x", 1.0, 1.0))
    first, same, other = (one.findtext(f"{ATOM}id") for one in feed_of(*entries).findall(f"{ATOM}entry"))
    assert first == same != other


def test_a_feed_without_entries_says_when_it_was_made() -> None:
    assert feed_of().findtext(f"{ATOM}updated") == "1970-01-01T00:00:05Z"


@given(st.text())
def test_any_text_gives_a_feed_that_can_be_read(text: str) -> None:
    entry = feed_of(Entry(1, text, text, "x", 1.0, 1.0)).find(f"{ATOM}entry")
    assert entry is not None
    assert len(entry.findall(f"{ATOM}title")) == 1
