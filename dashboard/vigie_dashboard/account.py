"""The pages around signing in: the form, and one's own account. Called by ``vigie_gateway.api.sign_in``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    is_nobody: bool = False,
) -> str:
    """The form; ``name`` is what was typed before, ``wait_s`` how long the next try has to wait.

    ``is_nobody`` says where a first account comes from, as long as there is none.
    """
    language = language_of(lang)
    page, site = language.gettext("Sign in"), language.named(dict(site_name))
    return render(
        "sign_in.html",
        language,
        theme,
        trouble=_said(trouble, wait_s, language),
        name=name,
        may_sign_in=may_sign_in,
        is_nobody=is_nobody,
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
        is_admin=role == "admin",
        csrf=csrf,
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account of the list."""

    name: str
    role: str
    created_ts: float


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One token of the list; ``used_ts`` is None when it never was."""

    name: str
    scope: str
    expires_ts: float
    used_ts: float | None


@dataclass(frozen=True, slots=True)
class UsersView:
    """The page of accounts and tokens.

    Attributes:
        site_name: By language.
        timezone: IANA name.
        accounts: By name.
        tokens: By name.
        audit: When, who, what; the newest first.
        roles: What an account can be.
        scopes: What a token can be.
        csrf: Of the session; "" where nobody has signed in, and nothing can be changed.
        trouble: Why the last form was refused, a word of ``AccountError.kind`` or ``busy``; "" when nothing was.
        typed: What was in it, but for passwords.
        secret: Of a token that was just made; "" otherwise.
    """

    site_name: Mapping[str, str]
    timezone: str
    accounts: Sequence[AccountLine]
    tokens: Sequence[TokenLine]
    audit: Sequence[tuple[float, str, str]]
    roles: Sequence[str]
    scopes: Sequence[str]
    csrf: str
    trouble: str
    typed: Mapping[str, str]
    secret: str


def render_users(view: UsersView, lang: str, theme: str | None) -> str:
    """Who may sign in and as what, and which programs may read."""
    language = language_of(lang)
    page, site = language.gettext("Accounts"), language.named(dict(view.site_name))
    return render(
        "users.html",
        language,
        theme,
        view=view,
        role_words=role_words(language),
        scope_words=_scope_words(language),
        trouble=_refused(view.trouble, language),
        day=lambda at_ts: language.day_month_year(at_ts, view.timezone),
        moment=lambda at_ts: language.moment(at_ts, view.timezone),
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


def _scope_words(language: Language) -> dict[str, str]:
    return {
        "read": language.pgettext("scope", "reads what the front desk reads"),
        "correct": language.pgettext("scope", "reads that, and corrects rooms and outlets"),
        "public": language.pgettext("scope", "reads what anybody reads"),
        "sessions": language.pgettext("scope", "is the address of the sessions' calendar"),
        "alerts": language.pgettext("scope", "is the address of the feed of alerts"),
        "admin": language.pgettext("scope", "reads and changes everything"),
        "kiosk": language.pgettext("scope", "shows the board on a wall"),
    }


def _refused(trouble: str, language: Language) -> str:
    if not trouble:
        return ""
    return {
        "name": language.gettext("A name has 1 to 32 characters: a to z without accents, digits, dot, dash."),
        "taken": language.gettext("That name is taken."),
        "role": language.gettext("Choose a role of the list."),
        "scope": language.gettext("Choose what the token may do."),
        "password": language.gettext("A password has 12 to 256 characters."),
        "code": language.gettext("No screen shows this code: type it as it stands there now."),
        "days": language.gettext("A token lasts 1 to 3650 days."),
        "missing": language.gettext("That is not there any more."),
        "last-admin": language.gettext("This is the last administrator: make another one first."),
        "busy": language.gettext("Too many tries. Try again in a moment."),
    }.get(trouble, language.gettext("The accounts cannot be written: the gateway's log says why."))


def role_words(language: Language) -> dict[str, str]:
    """The roles, for a person."""
    return {
        "public": language.pgettext("role", "anybody"),
        "concierge": language.pgettext("role", "front desk"),
        "organiser": language.pgettext("role", "organiser"),
        "network": language.pgettext("role", "network"),
        "admin": language.pgettext("role", "administrator"),
        "kiosk": language.pgettext("role", "screen on a wall"),
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
