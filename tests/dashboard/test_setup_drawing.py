"""The drawings of the set-up get their words and shapes as data, which cannot become markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from tests.dashboard.places import NOW_TS

from vigie_dashboard.pages import LANGUAGES
from vigie_dashboard.setup_text import render_setup
from vigie_dashboard.setup_view import SetupView

HOSTILE = "</script><script>alert(1)</script>"
BOX = [(0.0, 0.0), (4.0, 0.0), (4.0, 2.0), (0.0, 2.0)]
ELL = [(0.0, 0.0), (4.0, 0.0), (4.0, 2.0), (2.0, 2.0), (2.0, 4.0), (0.0, 4.0)]
VIEW = SetupView(
    site_name={"fr": "Le lieu"},
    timezone="Europe/Paris",
    now_ts=NOW_TS,
    step="doors",
    steps=[("doors", "open")],
    csrf="c",
    file="site.toml",
    is_first=True,
    fields={"plan-width": "48", "plan-height": "30"},
    rows={"doors": [], "rooms": []},
    languages=["fr"],
    rooms=[("hall", HOSTILE), ("booth", "Cabine")],
    drawn=[("hall", BOX), ("booth", ELL)],
    grid=(48, 30, 1),
)


def data_of(page: str) -> dict[str, object]:
    """What the page's scripts read."""
    found = re.findall(r'<script type="application/json" id="plan-data">(.*?)</script>', page)
    assert len(found) == 1
    data = json.loads(found[0])
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_rooms_name_reaches_the_drawing_of_the_doors_as_text(lang: str) -> None:
    page = render_setup(VIEW, lang, None)
    assert HOSTILE not in page
    assert data_of(page)["rooms"] == [
        {"id": "hall", "name": HOSTILE, "corners": [list(corner) for corner in BOX]},
        {"id": "booth", "name": "Cabine", "corners": [list(corner) for corner in ELL]},
    ]


def test_only_rooms_that_are_no_rectangle_bring_their_outline() -> None:
    data = data_of(render_setup(replace(VIEW, step="plan"), "fr", None))
    assert data["outlines"] == [["booth", [[0, 0], [1, 0], [1, 0.5], [0.5, 0.5], [0.5, 1], [0, 1]]]]
    assert data["name"] == "name_fr"


@pytest.mark.parametrize("step", ["plan", "doors"])
def test_who_may_change_nothing_gets_no_script(step: str) -> None:
    assert "<script" not in render_setup(replace(VIEW, step=step, csrf=""), "fr", None)


def test_fields_have_the_attributes_that_their_template_gives_them() -> None:
    page = render_setup(replace(VIEW, step="plan"), "fr", None)
    assert 'inputmode="decimal"' in page
    assert "&#34;decimal" not in page
