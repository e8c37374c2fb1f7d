"""The pages: HTML from the values of ``view``, complete without JavaScript.

The gateway calls these, on any thread; everything that is kept between calls is read-only once made. No page has an
inline script, nor a style attribute; the public page alone, which must be one request, has its style inside, and its
policy names that style's hash: the strictest content security policy holds (see docs/board.md).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from importlib import resources
from typing import Any
from urllib.parse import urlencode

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from vigie_dashboard import (
    board,
    correction_text,
    health,
    history,
    history_table,
    period_text,
    poster,
    rehearsal_text,
    rooms_text,
    series_list,
    sessions_text,
    sheet_text,
    visitors,
)
from vigie_dashboard.assets import asset_url, inline_icons
from vigie_dashboard.health_view import HealthView
from vigie_dashboard.history_view import HistoryView, SeriesListView
from vigie_dashboard.language import Language, language_of
from vigie_dashboard.poster import PosterView
from vigie_dashboard.rehearsal_view import RehearsalsView
from vigie_dashboard.sheet_view import CorrectionForms, CorrectionsView, RoomSheet
from vigie_dashboard.view import BoardView, VisitorsView
from vigie_dashboard.warnings_text import alerts_word

LANGUAGES = ("fr", "en")
"""What the pages are written in. The first is the fallback."""

LANGUAGE_NAMES = {"fr": "Français", "en": "English"}
"""Each in its own words."""

THEMES = ("light", "dark")


def render_board(view: BoardView, lang: str, theme: str | None, *, may_check: bool = False, csrf: str = "") -> str:
    """The live board.

    Args:
        view: What is true now.
        lang: One of ``LANGUAGES``.
        theme: ``light`` or ``dark``; anything else follows the browser.
        may_check: Whether its reader may ask if a session fits.
        csrf: With which its reader may take an alert in hand; "" for one who may only read.
    """
    values = board_values(view, language_of(lang))
    return render("board.html", language_of(lang), theme, is_kiosk=False, may_check=may_check, csrf=csrf, **values)


def board_values(view: BoardView, language: Language) -> dict[str, Any]:
    """What the templates of the board use, here and on a wall."""
    page, site = language.gettext("Live board"), language.named(view.site_name)
    return {
        "view": view,
        "parts": board.parts_of(view),
        "fields": board.fields_of(view, language),
        "plan": rooms_text.drawing_of(view),
        "drawn_rooms": rooms_text.drawn_rooms(view),
        "is_narrow": rooms_text.is_narrow,
        "fitting_size": rooms_text.fitting_size,
        "name_lines": rooms_text.name_lines,
        "longest": lambda lines: max(lines, key=len),
        "ticks": history.day_ticks(view, language),
        "rows": history.day_table_times(view, language),
        "lanes": sessions_text.lanes_of(view, language),
        "sessions": sessions_text.rows_of(view, language),
        "has_curve": view.day is not None,
        "words": _board_words(language),
        "site": site,
        "title": f"{page} \u2013 {site} \u2013 Vigie",
    }


def render_sheet(
    sheet: RoomSheet,
    lang: str,
    theme: str | None,
    day: HistoryView | None = None,
    forms: CorrectionForms | None = None,
    *,
    may_check: bool = False,
) -> str:
    """A room in full, as of a moment: it says which, and is loaded again by hand.

    Args:
        sheet: The room.
        lang: One of ``LANGUAGES``.
        theme: ``light`` or ``dark``; anything else follows the browser.
        day: Its people over the last 24 hours; None where they are not counted, or cannot be read.
        forms: Those with which it is corrected; None where its reader may only read.
        may_check: Whether its reader may ask if a session fits.
    """
    language = language_of(lang)
    carried = {"l": lang, **({"theme": theme} if theme in THEMES else {})}
    values = sheet_text.values_of(sheet, language, carried)
    title = f"{values['name']} \u2013 {values['site']} \u2013 Vigie"
    people = None if day is None else next(iter(history.charts_of(day, language)), None)
    trouble = correction_text.trouble_of(forms, language)
    is_placed = correction_text.is_beside_a_field(forms, sheet)
    return render(
        "sheet.html",
        language,
        theme,
        title=title,
        people=people,
        forms=forms,
        may_check=may_check,
        trouble=trouble,
        is_placed=is_placed,
        **values,
    )


def render_corrections(view: CorrectionsView, lang: str, theme: str | None) -> str:
    """The list of what people said, with who said it."""
    language = language_of(lang)
    page, site = language.gettext("Corrections"), language.named(dict(view.site_name))
    return render(
        "corrections.html",
        language,
        theme,
        view=view,
        lines=correction_text.lines_of(view, language),
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


def render_rehearsals(view: RehearsalsView, lang: str, theme: str | None) -> str:
    """Rehearsals: what one would cost, how far it is, what it found, and the last ones."""
    language = language_of(lang)
    page, site = language.gettext("Rehearsals"), language.named(view.site_name)
    carried = {"shown": str(view.shown.id)} if view.shown is not None else {}
    return render(
        "rehearsals.html",
        language,
        theme,
        carried=carried,
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
        **rehearsal_text.values_of(view, language),
    )


def board_fields(view: BoardView, lang: str) -> dict[str, str]:
    """Every live field of the board, by the key under which ``render_board`` put it into the page.

    A key is on elements as ``data-f`` (their text) or in ``data-a`` (``attribute:key`` pairs; an empty value removes
    the attribute). ``page.shape`` alone is on ``<html>``: when it differs, the page loads itself again.
    """
    return board.fields_of(view, language_of(lang))


def render_history(view: HistoryView, lang: str, theme: str | None, current: int | None = None) -> str:
    """A room's or a series' history: for each line a curve and a table of the same values.

    ``current`` is how many alerts are; None where nobody knows.
    """
    language = language_of(lang)
    page, name, site = language.gettext("History"), language.named(view.name), language.named(view.site_name)
    period = view.period
    compare = {"compare": "week"} if view.is_compared else {}

    def linked(asked: Mapping[str, str], more: Mapping[str, str]) -> str:
        return _query(lang, theme if theme in THEMES else None, **asked, **more)

    return render(
        "history.html",
        language,
        theme,
        carried={**period.query, **compare},
        view=view,
        period=period,
        compare=compare,
        linked=linked,
        form_fields=period_text.fields_of(period, language),
        problem=period_text.problem_of(period.problem, language),
        charts=history.charts_of(view, language),
        when=period_text.period_of(view, language),
        span_names=period_text.span_names(language),
        alerts=alerts_word(current, language),
        data=history.script_data(view, language, asset_url("vendor/uplot.js"), asset_url("vendor/uplot.css")),
        name=name,
        site=site,
        title=f"{name} \u2013 {page} \u2013 {site} \u2013 Vigie",
    )


def history_points(view: HistoryView) -> dict[str, object]:
    """The points of a history, JSON-ready, as history.js asks for them when somebody looks closer."""
    return history.points_data(view)


def history_columns(view: HistoryView, lang: str) -> list[str]:
    """The names of the columns of ``history_rows``, with their units."""
    return history_table.header_of(view, language_of(lang))


def history_rows(view: HistoryView) -> Iterator[list[str | float | None]]:
    """The values of a history page as rows; None is unknown."""
    return history_table.rows_of(view)


def render_series_list(view: SeriesListView, search: str, by: str, lang: str, theme: str | None) -> str:
    """All that has a history, as far as a search finds it, by one of ``series_list.GROUPINGS``."""
    language = language_of(lang)
    page, site = language.gettext("All that is measured"), language.named(view.site_name)
    chosen = by if by in series_list.GROUPINGS else series_list.GROUPINGS[0]
    search = search[: series_list.MOST_SEARCHED]
    groups = series_list.groups_of(view, search, chosen, language)
    return render(
        "series.html",
        language,
        theme,
        carried={"q": search, "by": chosen} if search or chosen != series_list.GROUPINGS[0] else {},
        view=view,
        groups=groups,
        count=sum(len(group.entries) for group in groups),
        groupings=series_list.GROUPINGS,
        by=chosen,
        search=search,
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


def render_health(
    view: HealthView,
    lang: str,
    theme: str | None,
    *,
    csrf: str = "",
    refused: str = "",
    current: int | None = None,
    is_admin: bool = False,
) -> str:
    """What works and what does not, part by part and node by node, each with what to do.

    Args:
        view: What is true now.
        lang: One of ``LANGUAGES``.
        theme: ``light`` or ``dark``; anything else follows the browser.
        csrf: Of the session of an administrator who may vouch for the clock; "" asks nobody.
        refused: Why that word was not taken; "" when it was not refused.
        current: How many alerts are; None where nobody knows.
        is_admin: Whether the reader may see the devices of others.
    """
    language = language_of(lang)
    page, site = language.gettext("Health"), language.named(view.site_name)
    return render(
        "health.html",
        language,
        theme,
        view=view,
        verdict=health.verdict_of(view, language),
        parts=health.parts_of(view, language),
        nodes=health.nodes_of(view, language),
        icons_of=health.ICONS,
        alerts=alerts_word(current, language),
        now=language.time(view.now_ts, view.timezone),
        moment=language.moment(view.now_ts, view.timezone),
        csrf=csrf,
        is_admin=is_admin,
        refused=refused,
        since=language.when(view.now_ts - view.up_s, view.now_ts, view.timezone),
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


def render_visitors(view: VisitorsView, lang: str) -> str:
    """The public page: one request, no script, no image, no font; light or dark as the browser is."""
    language = language_of(lang)
    page, site = language.gettext("Free seats"), language.named(view.site_name)
    is_late, measured = visitors.measured_of(view, language)
    return render(
        "visitors.html",
        language,
        None,
        view=view,
        style=visitors_style(),
        opening=visitors.opening_of(view, language),
        is_late=is_late,
        measured=measured,
        pick=visitors.pick_of(view, language),
        warning=visitors.warning_of(view, language),
        total=visitors.total_of(view, language),
        rows=visitors.rows_of(view, language),
        site=site,
        title=f"{page} \u2013 {site}",
    )


def render_poster(view: PosterView, lang: str, theme: str | None) -> str:
    """The sheet to print for the front desk: the public page's QR code and the one that joins the Wi-Fi."""
    language = language_of(lang)
    page, site = language.gettext("Sheet for the front desk"), language.named(view.site_name)
    return render(
        "poster.html",
        language,
        theme,
        sheets=poster.sheets_of(view, [language_of(code) for code in view.languages]),
        has_address=view.address is not None,
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


@lru_cache(maxsize=1)
def visitors_style() -> Markup:
    """The style sheet that stands in the public page, without what only people need."""
    return Markup("".join(_sources()["visitors.css"].splitlines()))  # noqa: S704 - a file of this package


@lru_cache(maxsize=1)
def visitors_style_source() -> str:
    """What the public page's policy allows as a style: its hash (CSP Level 3 §2.3.1)."""
    digest = hashlib.sha256(visitors_style().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def render_accessibility(site_name: Mapping[str, str], phone: str | None, lang: str, theme: str | None) -> str:
    """The accessibility statement, with the mention that holds where nobody has audited the pages."""
    language = language_of(lang)
    page, site = language.gettext("Accessibility"), language.named(dict(site_name))
    return render(
        "accessibility.html", language, theme, phone=phone, site=site, title=f"{page} \u2013 {site} \u2013 Vigie"
    )


def render_problem(status: int, lang: str, theme: str | None) -> str:
    """The page for an HTTP error: 404 and the like, 500 and the like."""
    language = language_of(lang)
    if status == HTTPStatus.NOT_FOUND:
        heading = language.gettext("This page does not exist")
        advice = language.gettext("The address may have been mistyped, or the room renamed.")
    elif status < HTTPStatus.INTERNAL_SERVER_ERROR:
        heading = language.gettext("This request cannot be answered")
        advice = language.gettext("Something in the address is not as expected.")
    else:
        heading = language.gettext("The gateway met a problem")
        advice = language.gettext("Readings are still being taken. Try again in a moment; the cause is in the log.")
    return render("problem.html", language, theme, status=status, heading=heading, advice=advice, title=heading)


class _Live:
    """Writes live fields into a page: the text or attribute of now, and the key by which it will change."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    def text(self, key: str, tag: str = "span", **attributes: object) -> Markup:
        """An element whose text is the field; ``class_`` and the like as keywords."""
        written = Markup().join(
            Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items()
        )
        return Markup('<{tag} data-f="{key}"{attributes}>{text}</{tag}>').format(
            tag=tag, key=key, attributes=written, text=self._fields[key]
        )

    def attributes(self, keys: Mapping[str, str]) -> Markup:
        """Attributes of an element, each with its field's key."""
        pairs = " ".join(f"{name}:{key}" for name, key in keys.items())
        now = Markup().join(
            Markup(' {}="{}"').format(name, self._fields[key]) for name, key in keys.items() if self._fields[key]
        )
        return Markup(' data-a="{}"').format(pairs) + now


def render(
    template: str, language: Language, theme: str | None, carried: Mapping[str, str] | None = None, **values: object
) -> str:
    """A template of this package, with what every page has: language, theme and their switches.

    ``carried`` are the page's own parameters, which its links to other languages and colours keep.
    """
    chosen = theme if theme in THEMES else None
    fields = values.get("fields", {})
    assert isinstance(fields, dict)  # noqa: S101 - told to the type checker
    return (
        _environment(language.code)
        .get_template(template)
        .render(
            lang=language.code,
            language=language,
            theme=chosen,
            live=_Live(fields),
            switches=_switches(language.code, chosen, carried or {}),
            query=_query(language.code, chosen),
            **values,
        )
    )


def _query(lang: str, theme: str | None, **more: str) -> str:
    """What links carry on: the language and theme that were chosen."""
    return "?" + urlencode({"l": lang, **({"theme": theme} if theme else {}), **more})


def _switches(lang: str, theme: str | None, carried: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """(code, query) of the other languages and of each theme; ``auto`` is the browser's."""
    themes = (("light", "light"), ("dark", "dark"), ("auto", None))
    return {
        "languages": [(code, _query(code, theme, **carried)) for code in LANGUAGES if code != lang],
        "themes": [(name, _query(lang, chosen, **carried)) for name, chosen in themes],
    }


def _board_words(language: Language) -> dict[str, str]:
    """What live.js says by itself; ``{n}`` and ``{time}`` are filled there."""
    return {
        "live": language.gettext("Live · {n} s ago"),
        "late": language.gettext("Late · {n} s ago"),
        "cut": language.gettext("Connection lost · {n} s ago"),
        "frozen": language.gettext("Frozen at {time}"),
        "paused": language.gettext("Paused at {time}"),
        "liveWord": language.gettext("Live"),
        "lateWord": language.gettext("Late"),
        "cutWord": language.gettext("Connection lost"),
        "frozenWord": language.gettext("Frozen"),
        "pausedWord": language.gettext("Paused"),
        "since": language.gettext("This display has not been updated for {n} minutes."),
        "sinceSeconds": language.gettext("This display has not been updated for {n} seconds."),
        "noAnswer": language.gettext("The gateway is not answering. The figures below are from {time}."),
        "noFigures": language.gettext("The gateway is not answering. The last figures were from {time}."),
        "back": language.gettext("Connection back. The figures are live again."),
        "recovered": language.gettext("No longer: {what}"),
        "many": language.gettext("{n} new messages:"),
        "pause": language.gettext("Pause updates"),
        "resume": language.gettext("Resume updates"),
        "keyOn": language.gettext("Shortcut P to pause: on"),
        "keyOff": language.gettext("Shortcut P to pause: off"),
    }


@lru_cache(maxsize=1)
def _sources() -> dict[str, str]:
    folder = resources.files(__package__) / "templates"
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith((".html", ".svg", ".css"))
    }


@lru_cache(maxsize=4)
def _environment(code: str) -> Environment:
    language = language_of(code)
    environment = Environment(
        loader=DictLoader(_sources()),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    icons = inline_icons()
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension
        language.gettext, language.ngettext, newstyle=False, pgettext=language.pgettext, npgettext=language.npgettext
    )
    environment.globals |= {
        "asset": asset_url,
        "icons": Markup(icons),  # noqa: S704 - made of plain shapes by hatch_build.py
        "icon": lambda name, kind="": _icon(name, kind, icons),
        "language_names": LANGUAGE_NAMES,
    }
    return environment


def _icon(name: str, kind: str, icons: str) -> Markup:
    """An icon by name; nothing where it is not one of ours and none were built."""
    if name not in OUR_ICONS and f'"i-{name}"' not in icons:
        return Markup()
    return Markup('<svg class="i {}" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>').format(kind, name)


OUR_ICONS = ("ok", "warn", "crit", "unk", "mute")
"""Drawn in templates/status.svg: a state must have its shape even where no icon could be built."""
