"""The set-up's pages: HTML, and the words for what is wrong. ``vigie_gateway.api`` calls this on request threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vigie_dashboard.language import Language, language_of
from vigie_dashboard.pages import LANGUAGE_NAMES, LANGUAGES, render
from vigie_dashboard.quantity_names import quantity_name
from vigie_dashboard.setup_drawing import drawing_data
from vigie_dashboard.setup_view import HeardChannel, SetupView


def render_setup(view: SetupView, lang: str, theme: str | None) -> str:
    """One page of the set-up."""
    language = language_of(lang)
    names = step_names(language)
    site = language.named(dict(view.site_name)) if view.site_name else ""
    title = " \u2013 ".join(part for part in (names[view.step], language.gettext("Set-up"), site, "Vigie") if part)
    return render(
        f"setup_{view.step}.html",
        language,
        theme,
        view=replace(view, fields=_Typed(view.fields), rows=_tables(view.rows)),
        step_names=names,
        state_names={
            "done": language.pgettext("set-up", "filled in"),
            "wrong": language.pgettext("set-up", "to be corrected"),
            "open": "",
        },
        said_of=lambda name: trouble_text(view.troubles.get(name, ""), language),
        notice=notice_text(view.notice, language),
        heard_text=lambda channel: _heard_text(channel, view, language),
        quantity=lambda name: quantity_name(name, language),
        weekdays=_weekdays(language),
        spoken=[(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
        drawing=drawing_data(view, language),
        site=site,
        title=title,
    )


class _Typed(dict[str, str]):
    """Fields of a form: what was not sent is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def _tables(rows: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, Sequence[Mapping[str, str]]]:
    return {prefix: [_Typed(row) for row in some] for prefix, some in rows.items()}


def step_names(language: Language) -> dict[str, str]:
    """The pages, in their order."""
    return {
        "start": language.gettext("Set-up"),
        "place": language.pgettext("set-up", "The place"),
        "plan": language.pgettext("set-up", "Rooms and plan"),
        "doors": language.pgettext("set-up", "Doors"),
        "outlets": language.pgettext("set-up", "Outlets"),
        "review": language.pgettext("set-up", "Put in place"),
    }


def trouble_text(trouble: str, language: Language) -> str:
    """What is wrong with a field and what would be right; "" for no trouble."""
    if not trouble:
        return ""
    return {
        "name": language.gettext("A name is needed."),
        "name-long": language.gettext("A name has 60 characters at most."),
        "name-signs": language.gettext("A name is made of letters, digits and signs that can be seen."),
        "id": language.gettext("1 to 32 characters: a to z without accents, digits, dash."),
        "timezone": language.gettext("A time zone such as Europe/Paris."),
        "languages": language.gettext("Choose one language at least."),
        "hours": language.gettext("Hours such as 08:00-12:00, 13:30-18:00; nothing for a day when it is closed."),
        "hours-order": language.gettext("In order of time, without overlap: 08:00-12:00, 13:30-18:00."),
        "plan-size": language.gettext("A number above 0."),
        "seats": language.gettext("A whole number, 0 or more; 0 for a passage."),
        "number": language.gettext("A number, or all four empty for what is not on the plan."),
        "above-zero": language.gettext("A number above 0."),
        "off-plan": language.gettext("Beyond the edge of the plan: move it, or make the plan larger."),
        "room": language.gettext("Choose a room of the list."),
        "same-room": language.gettext("A door joins two different rooms."),
        "channel": language.gettext("A channel is written node.channel, as in the list of what is heard."),
        "both-counters": language.gettext("Both counters or none: one alone would only ever rise."),
        "counter-twice": language.gettext("Another counter of this page is this one already."),
        "meter-twice": language.gettext("This meter is that of something else already."),
        "circuit": language.gettext("Choose a circuit of the list above."),
        "parent": language.gettext("Choose a circuit that does not hang below this one."),
        "outlet-ids": language.gettext(
            "One or several ids with spaces between, such as p01 p02: a to z, digits, dash."
        ),
        "outlet-twice": language.gettext("Another outlet has this id already."),
        "outlet-count": language.gettext("A whole number, 1 or more, and one id alone before it."),
        "id-in-channel": language.gettext(
            "One channel cannot tell of several outlets: write {id} in it for their ids."
        ),
    }[trouble]


def notice_text(notice: str, language: Language) -> str:
    """What just happened, or what is in the way; "" for nothing."""
    if not notice:
        return ""
    return {
        "wrong": language.gettext("Something is to be corrected below. All that you typed is kept."),
        "applied": language.gettext("In place: the board shows it from now on."),
        "changed": language.gettext(
            "The site file was changed by somebody else since you began. Nothing was overwritten: begin again from the "
            "file as it is now, or download yours."
        ),
        "write": language.gettext(
            "The site file cannot be written by the gateway. What you typed is kept: download the file below and put "
            "it in its place, or let the gateway write there."
        ),
        "read": language.gettext("The site file cannot be read: what is wrong stands below."),
        "unfit": language.gettext("The site file is wrong as it is. Put it right, or import another."),
        "problems": language.gettext("The place would not be right like this. All that you typed is kept."),
        "troubled": language.gettext("A page is still to be corrected: the list above says which."),
        "uneditable": language.gettext("The site file is written in a way that this page cannot edit."),
        "draft": language.gettext("What you typed cannot be kept: the gateway cannot write beside its store."),
        "imported": language.gettext("Read without a problem. Look at it, then put it in place."),
        "import-problems": language.gettext("This file is not right. Nothing was changed."),
        "import-empty": language.gettext("Choose a file first."),
        "import-large": language.gettext("A site file has 512 kB at most."),
        "picture": language.gettext("A picture is expected: PNG, JPEG or WebP, 5 MB at most."),
        "full": language.gettext("That is as many as a page takes."),
    }[notice]


def _heard_text(channel: HeardChannel, view: SetupView, language: Language) -> str:
    """A channel in a list of choices: its name, its last value and how old that is."""
    if channel.at_ts is None:
        return " \u00b7 ".join((channel.name, language.gettext("nothing heard yet")))
    digits = 0 if channel.value is None or channel.value.is_integer() else 1
    value = language.gettext("unknown") if channel.value is None else language.number(channel.value, digits)
    return f"{channel.name} \u00b7 {value} \u00b7 {language.ago(max(0.0, view.now_ts - channel.at_ts))}"


def _weekdays(language: Language) -> list[tuple[str, str]]:
    """The key of each weekday and its name, Monday first."""
    monday_ts = 345_600  # Monday 5 January 1970, UTC
    keys = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return [(key, language.weekday_name(monday_ts + day * 86_400, "UTC")) for day, key in enumerate(keys)]


def board_names(codes: Sequence[str]) -> dict[str, str]:
    """What the first circuit is called until somebody calls it otherwise, by language."""
    return {code: language_of(code).pgettext("circuit", "Distribution board") for code in codes}


@dataclass(frozen=True, slots=True)
class AddressView:
    """The page of the one-time address.

    Attributes:
        standing: ``valid``, ``wrong``, ``expired``, ``over``; "" for who has to wait first.
        may_sign_in: Whether a password may be typed here.
        name: As typed before.
        trouble: Why the form came back: a word of ``AccountError.kind``, ``differ`` or ``busy``; "" when it did not.
        wait_s: Until the next try.
    """

    standing: str
    may_sign_in: bool
    name: str
    trouble: str
    wait_s: int


def render_address(view: AddressView, lang: str, theme: str | None) -> str:
    """Where the first administrator begins, or why not there."""
    language = language_of(lang)
    heading = language.gettext("Set-up")
    return render(
        "setup_address.html",
        language,
        theme,
        view=view,
        said=_said_of_address(view, language),
        heading=heading,
        title=f"{heading} \u2013 Vigie",
    )


def _said_of_address(view: AddressView, language: Language) -> str:
    if view.wait_s and view.trouble != "busy":
        return language.ngettext(
            "Too many tries. Try again in %(num)s second.", "Too many tries. Try again in %(num)s seconds.", view.wait_s
        )
    if view.standing != "valid":
        return {
            "wrong": language.gettext("This is not the set-up address: it was mistyped, or a later one was made."),
            "expired": language.gettext("This set-up address is too old: it holds for half an hour."),
            "over": language.gettext("This set-up address was used: there is an administrator, who signs in."),
        }.get(view.standing, "")
    if not view.may_sign_in:
        return language.gettext(
            "Here a password could be read on the way: open this page with https, or on the gateway itself."
        )
    if not view.trouble:
        return ""
    return {
        "name": language.gettext("A name has 1 to 32 characters: a to z without accents, digits, dot, dash."),
        "taken": language.gettext("That name is taken."),
        "password": language.gettext("A password has 12 to 256 characters."),
        "differ": language.gettext("The two passwords differ."),
        "busy": language.gettext("Too many tries. Try again in a moment."),
    }.get(view.trouble, language.gettext("The accounts cannot be written: the gateway's log says why."))
