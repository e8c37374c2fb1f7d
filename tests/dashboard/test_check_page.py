"""The page "will it fit?" as HTML: whole without JavaScript, safe under the strictest policy, and complete."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from tests.dashboard.answers import GO, STATES, TIGHT, form, page_of
from tests.dashboard.test_pages import Live

from vigie_dashboard.check_page import check_entry, render_check
from vigie_dashboard.check_view import Trouble
from vigie_dashboard.pages import LANGUAGES, THEMES

MOST_BYTES = 48_000
"""Of the page alone, as text. Higher is not read on bad Wi-Fi; lower has no room for nine resources and their table."""


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_nothing_of_any_state_is_refused_by_the_policy_or_comes_from_elsewhere(state: str, lang: str) -> None:
    page = render_check(page_of(STATES[state]), lang, "dark")
    read = Live(page)
    assert read.refused == []
    assert all(to.startswith(("/", "?", "#")) for to in read.addresses), read.addresses
    assert len(page.encode()) < MOST_BYTES


def test_the_title_begins_with_the_verdict() -> None:
    assert "<title>It fits, just about \u2013 My session" in render_check(page_of(TIGHT), "en", None)
    assert "<title>My session" in render_check(page_of(None), "en", None)


def test_the_sheet_says_what_was_asked_and_when_it_was_checked() -> None:
    page = html.unescape(render_check(page_of(TIGHT), "en", None))
    assert "Main hall · Tuesday 1 December, 18:30 \u2013 20:00 · 36 people · mostly: be on video calls" in page
    assert "checked on 24 Nov 2026 14:32" in page


def test_the_table_has_what_the_gauges_show() -> None:
    page = html.unescape(render_check(page_of(TIGHT), "en", None))
    table = page[page.index("<table>") : page.index("</table>")]
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)]
    assert len(rows) == 1 + len(TIGHT.gauges)
    upload = next(row for row in rows if row[0] == "Upload")
    assert [cell.replace("\u00a0", " ") for cell in upload] == [
        "Upload", "too tight", "54 Mb/s", "50 Mb/s", "55 Mb/s", "58 Mb/s", "measured here (4 comparable days)",
    ]  # fmt: skip


@pytest.mark.parametrize("theme", THEMES)
def test_language_and_theme_go_with_the_form_its_links_and_the_calendar_entry(theme: str) -> None:
    page = html.unescape(render_check(page_of(TIGHT), "fr", theme))
    assert f'<input type="hidden" name="theme" value="{theme}">' in page
    links = re.findall(r'class="btn try" href="([^"]*)"', page) + re.findall(r'href="(/check\.ics[^"]*)"', page)
    assert len(links) == 4
    assert all(f"l=fr&theme={theme}" in link for link in links)


def test_what_was_typed_stands_in_its_field_whatever_it_was() -> None:
    typed = {"people": '"><script>alert(1)</script>', "date": "tomorrow", "from": "late"}
    view = page_of(None, Trouble("people", "no-number"), Trouble("date", "no-date"), **typed)
    page = render_check(view, "en", None)
    assert "<script>alert" not in page
    found = re.search(r'name="people" value="([^"]*)"', page)
    assert found is not None
    assert html.unescape(found[1]) == typed["people"]
    assert 'id="f-date" name="date" type="text" value="tomorrow" aria-invalid="true"' in page
    assert 'id="f-to" name="to" type="time" value="20:00"' in page


def test_a_share_that_the_form_does_not_offer_stays_chosen() -> None:
    page = render_check(page_of(None, lighter="37", plugged="12"), "en", None)
    assert re.search(r'<option value="37" selected>37', page)
    assert re.search(r'<option value="12" selected>12', page)


def test_a_site_calls_its_activities_by_its_own_names() -> None:
    assert "jouer en réseau" in render_check(page_of(None), "fr", None)
    assert "play over the network" in render_check(page_of(None), "en", None)


def test_a_private_session_is_offered_without_its_name() -> None:
    assert "<b>Private session</b> Booth" in render_check(page_of(None), "en", None)


def test_a_place_without_rooms_is_sent_to_its_set_up() -> None:
    page = render_check(replace(page_of(None), form=replace(form(), rooms=())), "en", None)
    assert "<form" not in page
    assert 'href="/setup?l=en"' in page


def test_a_calendar_entry_is_named_by_its_verdict() -> None:
    name, description = check_entry(GO, "fr")
    assert name == "Ma séance (Ça passe)"
    assert description.startswith("Ça passe\nMarge la plus faible")
