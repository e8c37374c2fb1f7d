"""The board for a screen on a wall, and what such a screen shows before it is let in. Called by the gateway's API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from vigie_dashboard.language import Language, language_of
from vigie_dashboard.pages import THEMES, board_values, render
from vigie_dashboard.view import BoardView

NIGHT_HOUR = 4
"""A kiosk loads itself again then. Earlier, some places are open; later, others are."""
ASLEEP_S = 86_400.0
"""After so long it does where the time is not known."""


def render_kiosk(view: BoardView, lang: str, theme: str | None, *, is_loud: bool = False) -> str:
    """The board for a screen on a wall: on one screen, without a link, dark when the place is closed.

    Args:
        view: What is true now.
        lang: One of ``pages.LANGUAGES``.
        theme: ``light`` or ``dark`` at any hour; anything else is light in opening hours.
        is_loud: Whether an outage is heard.
    """
    language = language_of(lang)
    chosen = theme if theme in THEMES else None
    values = board_values(view, language)
    return render(
        "kiosk.html",
        language,
        chosen or ("dark" if view.is_open is False else "light"),
        is_kiosk=True,
        csrf="",
        is_loud=is_loud,
        chosen=chosen,
        night_s=_night_s(view),
        **values | {"words": values["words"] | _kiosk_words(language)},
    )


def render_waiting_kiosk(
    site_name: Mapping[str, str], lang: str, theme: str | None, *, code: str | None, second_address: str | None
) -> str:
    """What a screen shows that nobody has let in: its code; None where a cookie could be read on the way to it."""
    language = language_of(lang)
    page, site = language.gettext("Screen on a wall"), language.named(dict(site_name))
    return render(
        "kiosk_wait.html",
        language,
        theme,
        site=site,
        code=code,
        second_address=second_address,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


def _night_s(view: BoardView) -> float:
    """Seconds to the next night's loading."""
    if not view.is_time_known:
        return ASLEEP_S
    now_at = datetime.fromtimestamp(view.now_ts, ZoneInfo(view.timezone))
    night_at = now_at.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    if night_at <= now_at:
        night_at += timedelta(days=1)  # on the wall clock: a night may have 23 or 25 hours
    return night_at.timestamp() - view.now_ts


def _kiosk_words(language: Language) -> dict[str, str]:
    return {
        "turn": language.gettext("{shown} of {all} rooms; the others follow"),
        "sound": language.gettext("Turn the sound on"),
    }
