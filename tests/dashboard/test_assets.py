"""Assets are found by exact name only, and a changed file has another name."""

from __future__ import annotations

import gzip

import pytest

from vigie_dashboard.assets import asset, asset_url, inline_icons


@pytest.mark.parametrize("path", ["vigie.css", "live.js", "stream.js", "history.js", "setup_rooms.js", "favicon.svg"])
def test_every_file_of_the_pages_is_there_with_its_type_and_packed(path: str) -> None:
    url = asset_url(path)
    assert url is not None
    found = asset(url.removeprefix("/static/"))
    assert found is not None
    assert found.etag.startswith('"')
    assert found.gzip is not None
    assert gzip.decompress(found.gzip) == found.body
    assert found.content_type.split(";")[0] in {"text/css", "text/javascript", "image/svg+xml"}


@pytest.mark.parametrize(
    "name", ["", "vigie.css", "../pages.py", "..%2fpages.py", "vendor/uplot.js", "BUILT_FROM", "\0"]
)
def test_nothing_else_is_served(name: str) -> None:
    assert asset(name) is None


def test_a_file_that_was_not_built_has_no_address() -> None:
    assert asset_url("vendor/nothing.js") is None


def test_the_dark_tokens_are_the_same_chosen_or_followed() -> None:
    url = asset_url("vigie.css")
    assert url is not None
    found = asset(url.removeprefix("/static/"))
    assert found is not None
    css = found.body.decode()
    for chosen, followed in (
        ("[data-theme=dark] {", ":root:not([data-theme]) {"),
        ("[data-theme=dark].frozen main, [data-theme=dark].frozen .defs {",
         ".frozen:not([data-theme]) main, .frozen:not([data-theme]) .defs {"),
    ):  # fmt: skip
        first, second = (css.split(start, 1)[1].split("}", 1)[0] for start in (chosen, followed))
        assert first == second


def test_icons_are_plain_shapes() -> None:
    icons = inline_icons()
    for refused in ("<script", "style", "on", "href"):
        assert f" {refused}=" not in icons
        assert "<script" not in icons
