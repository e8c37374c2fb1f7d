"""Which language and theme a request asks for."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request

from vigie_dashboard.pages import LANGUAGES


def chosen_language(request: Request) -> str:
    """By ``?l=``, else the one of the place's languages that the browser likes best, else the place's first."""
    languages: tuple[str, ...] = request.app.state.languages
    asked = request.query_params.get("l")
    if asked in LANGUAGES:
        return asked
    best, best_weight = languages[0], 0.0
    for entry in request.headers.get("accept-language", "").split(",")[:20]:
        tag, _, parameters = entry.strip().partition(";")
        lang = tag.split("-")[0].lower()
        weight = _weight(parameters)
        if lang in languages and weight > best_weight:
            best, best_weight = lang, weight
    return best


def _weight(parameters: str) -> float:
    name, _, number = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(number)))
    except ValueError:
        return 0.0


def chosen_theme(request: Request) -> str | None:
    """``light`` or ``dark`` by ``?theme=``; None leaves it to the browser."""
    asked = request.query_params.get("theme")
    return asked if asked in {"light", "dark"} else None


def with_choices(path: str, request: Request) -> str:
    """A page's address with the language and the theme that were asked for by this one's."""
    asked = {"l": request.query_params.get("l"), "theme": chosen_theme(request)}
    kept = {name: word for name, word in asked.items() if word and (name != "l" or word in LANGUAGES)}
    return f"{path}?{urlencode(kept)}" if kept else path
