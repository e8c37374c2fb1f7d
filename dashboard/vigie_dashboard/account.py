"""The pages around signing in: the form, and one's own account. Called by ``vigie_gateway.api.sign_in``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from vigie_dashboard.language import Language, language_of
from vigie_dashboard.pages import render


class Trouble(StrEnum):
    """Why a form comes back."""

    WRONG = "wrong"
    """Name or password: which of them is not told."""
    WAIT = "wait"
    LENGTH = "length"
    NOT_SECURE = "not-secure"


def render_sign_in(
    site_name: Mapping[str, str],
    lang: str,
    theme: str | None,
    *,
    trouble: Trouble | None,
    name: str,
    wait_s: int,
    may_sign_in: bool,
) -> str:
    """The form; ``name`` is what was typed before, ``wait_s`` how long the next try has to wait."""
    language = language_of(lang)
    page, site = language.gettext("Sign in"), language.named(dict(site_name))
    return render(
        "sign_in.html",
        language,
        theme,
        trouble=_said(trouble, wait_s, language),
        name=name,
        may_sign_in=may_sign_in,
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


def render_account(
    site_name: Mapping[str, str],
    lang: str,
    theme: str | None,
    *,
    name: str,
    role: str,
    csrf: str,
    trouble: Trouble | None,
    wait_s: int,
) -> str:
    """One's own account; ``name`` is "" where nobody has signed in and this machine reads without."""
    language = language_of(lang)
    page, site = language.gettext("Account"), language.named(dict(site_name))
    return render(
        "account.html",
        language,
        theme,
        trouble=_said(trouble, wait_s, language),
        name=name,
        role=role_words(language)[role],
        csrf=csrf,
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


def role_words(language: Language) -> dict[str, str]:
    """The roles, for a person."""
    return {
        "public": language.pgettext("role", "anybody"),
        "concierge": language.pgettext("role", "front desk"),
        "organiser": language.pgettext("role", "organiser"),
        "network": language.pgettext("role", "network"),
        "admin": language.pgettext("role", "administrator"),
    }


def _said(trouble: Trouble | None, wait_s: int, language: Language) -> str:
    if trouble is None:
        return ""
    if trouble is Trouble.WAIT and wait_s:
        return language.ngettext(
            "Too many tries. Try again in %(num)s second.", "Too many tries. Try again in %(num)s seconds.", wait_s
        )
    return {
        Trouble.WRONG: language.gettext("This name and this password do not go together."),
        Trouble.WAIT: language.gettext("Too many tries. Try again in a moment."),
        Trouble.LENGTH: language.gettext("A password has 12 to 256 characters."),
        Trouble.NOT_SECURE: language.gettext(
            "Here a password could be read on the way: open this page with https, or on the gateway itself."
        ),
    }[trouble]
