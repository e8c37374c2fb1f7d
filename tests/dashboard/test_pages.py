"""The pages are whole without JavaScript, safe under the strictest policy, and small."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from vigie_dashboard import pages
from vigie_dashboard.assets import asset
from vigie_dashboard.history_view import HistoryView
from vigie_dashboard.view import BoardView

VOID = {"meta", "link", "br", "input", "img"}


class Live(HTMLParser):
    """Collects the live fields of a page, and what a policy would refuse."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: dict[str, set[str]] = {}
        self.attributes: dict[str, set[str]] = {}
        self.refused: list[str] = []
        self.addresses: set[str] = set()
        self._open: list[tuple[str, str | None, list[str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        self.refused += [f"{tag} {name}" for name in of if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in of and of.get("type") != "application/json"):
            self.refused.append(tag)
        self.addresses |= {of[name] or "" for name in ("src", "href", "action") if name in of}
        for pair in (of.get("data-a") or "").split():
            name, _, key = pair.partition(":")
            self.attributes.setdefault(key, set()).add(of.get(name) or "")
        if tag not in VOID:
            self._open.append((tag, of.get("data-f"), []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)

    def handle_endtag(self, tag: str) -> None:
        opened, key, text = self._open.pop()
        assert opened == tag, f"<{opened}> closed by </{tag}>"
        if key is not None:
            self.texts.setdefault(key, set()).add("".join(text))


@pytest.mark.parametrize("lang", pages.LANGUAGES)
@pytest.mark.parametrize("name", ["sample", "states", "bare"])
def test_every_live_field_is_in_the_page_with_its_value_and_no_other(
    name: str, lang: str, request: pytest.FixtureRequest
) -> None:
    view: BoardView = request.getfixturevalue(name)
    fields = pages.board_fields(view, lang)
    # Who may take an alert in hand has a form where others have a link.
    lives = [Live(pages.render_board(view, lang, None, csrf=csrf)) for csrf in ("", "c")]
    shape = fields.pop("page.shape")
    assert f'data-shape="{shape}"' in pages.render_board(view, lang, None)
    shown = {key: values for live in lives for found in (live.texts, live.attributes) for key, values in found.items()}
    # Small and narrow rooms have no place for some words; the other language's legend may be absent.
    absent = {key for key in fields if key not in shown}
    assert not [key for key in absent if not key.startswith("p.")]
    assert set(shown) <= set(fields)
    for key, values in shown.items():
        assert values == {fields[key]}, key


def every_page(view: BoardView, history: HistoryView) -> list[str]:
    return [
        page
        for lang in pages.LANGUAGES
        for theme in (None, "light", "dark")
        for page in (
            pages.render_board(view, lang, theme),
            pages.render_history(history, lang, theme),
            pages.render_problem(404, lang, theme),
        )
    ]


def test_no_page_has_what_the_policy_refuses(states: BoardView, history: HistoryView) -> None:
    for page in every_page(states, history):
        assert Live(page).refused == []


def test_pages_name_no_other_host_than_the_second_address(sample: BoardView, history: HistoryView) -> None:
    for page in every_page(sample, history):
        foreign = {each for each in Live(page).addresses if "//" in each}
        assert foreign <= {"http://vigie2.lan/"}


def test_every_static_address_of_a_page_is_served(sample: BoardView, history: HistoryView) -> None:
    for page in every_page(sample, history):
        for address in re.findall(r'/static/([^"\\]+)', page):
            assert asset(address) is not None, address


def test_names_from_the_site_file_are_text(sample: BoardView) -> None:
    evil = {"fr": '<script>alert("x")</script>', "en": "</title><img src=x onerror=1>"}
    rooms = tuple(replace(room, name=evil) for room in sample.rooms)
    for lang in pages.LANGUAGES:
        page = pages.render_board(replace(sample, site_name=evil, rooms=rooms), lang, None)
        assert "<script>alert" not in page
        assert "<img" not in page
        assert Live(page).refused == []


def test_language_and_theme_are_on_the_page_and_in_its_links(sample: BoardView) -> None:
    page = pages.render_board(sample, "fr", "dark")
    assert '<html lang="fr" data-theme="dark"' in page
    assert '<a href="?l=en&amp;theme=dark" hreflang="en" lang="en">English</a>' in page
    assert '/rooms/cafe?l=fr&amp;theme=dark"' in page
    assert "data-theme" not in pages.render_board(sample, "fr", "purple")


def test_a_place_without_rooms_says_what_to_do(bare: BoardView) -> None:
    page = pages.render_board(replace(bare, rooms=()), "fr", None)
    assert "Ajoutez une première salle" in page
    assert "<table" not in page


def test_a_place_without_a_plan_has_its_table_over_the_width(bare: BoardView) -> None:
    page = pages.render_board(bare, "en", None)
    assert "no-plan" in page
    assert 'class="plan"' not in page
    assert "<table" in page


def test_the_first_load_is_small(sample: BoardView) -> None:
    """At most 40 kB on the wire: the page and all it loads, without the headers (about 0.3 kB each)."""
    page = pages.render_board(sample, "fr", None)
    total = len(gzip.compress(page.encode(), 6))
    for name in set(re.findall(r'/static/([^"]+)', page)):
        found = asset(name)
        assert found is not None
        total += len(found.gzip or found.body)
    assert total < 30_000


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_problem_page_says_what_happened_in_both_languages(status: int) -> None:
    french, english = pages.render_problem(status, "fr", None), pages.render_problem(status, "en", None)
    assert str(status) in french
    assert "Aller au tableau en direct" in french
    assert "Go to the live board" in english


def test_a_history_has_a_table_of_the_very_values(history: HistoryView) -> None:
    page = pages.render_history(history, "fr", None)
    assert page.count("<caption") == 3
    assert page.count('<tr class="nothing">') == 6 + 6 + 96
    assert "sans mesure" in page
    assert 'aria-current="page">Jour' in page


def test_a_history_of_a_room_that_measures_nothing_says_so(history: HistoryView) -> None:
    page = pages.render_history(replace(history, series=()), "en", None)
    assert "Nothing is measured in this room yet" in page
