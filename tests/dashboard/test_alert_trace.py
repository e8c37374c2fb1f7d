"""The curve of an alert in words and paths."""

from __future__ import annotations

from dataclasses import replace

from tests.dashboard.alerts import alert, plain
from tests.dashboard.places import NOW_TS

from vigie_dashboard.alert_trace import AlertTrace, Drawing, drawing_of
from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.language import language_of

PARIS = "Europe/Paris"
FULL = alert("access-point-load", name="Borne 1", figures={"limit": 30.0}, value=41 / 30)


def trace(*values: float | None, level: float | None = 1.0, unit: str = "/", is_above: bool = True) -> AlertTrace:
    """The values of so many equal spans of three hours."""
    from_ts, step_s = NOW_TS - 10_800, 10_800 / len(values)
    points = tuple((from_ts + step_s * (index + 1), value) for index, value in enumerate(values))
    return AlertTrace(from_ts, NOW_TS, points, unit, level, is_above)


def drawn(shown: AlertTrace, view: AlertView = FULL, lang: str = "fr") -> Drawing:
    return drawing_of(shown, view, PARIS, language_of(lang))


def test_a_share_is_told_in_what_it_is_a_share_of_where_that_is_known() -> None:
    chart = drawn(trace(0.5, 1.2))
    assert chart.level is not None
    assert plain(chart.level[1]) == "limite : 30"
    assert [(said, beyond) for _, said, _, beyond in chart.rows] == [("15", False), ("36", True)]
    unknown = drawn(trace(0.5, 1.2), replace(FULL, figures={}))
    assert [plain(said) for _, said, _, _ in unknown.rows] == ["50 %", "120 %"]


def test_what_is_not_known_is_drawn_and_told_as_such_and_parts_the_line() -> None:
    chart = drawn(trace(0.5, None, None, 1.2), lang="en")
    assert chart.unknown == (("25%", "50%"),)
    assert chart.path.count("M") == 2
    assert [(said, known) for _, said, known, _ in chart.rows][1:3] == [("no reading", False)] * 2
    assert not drawn(trace(None, None)).is_known


def test_the_zone_of_the_alert_ends_with_it_or_at_the_edge() -> None:
    assert drawn(trace(1.2, 1.2), replace(FULL, since_ts=NOW_TS - 5_400)).zone == ("50%", "50%")
    over = replace(FULL, since_ts=NOW_TS - 5_400, ended_ts=NOW_TS - 2_700)
    assert drawn(trace(1.2, 1.2), over).zone == ("50%", "25%")
    old = replace(FULL, since_ts=NOW_TS - 90_000)
    assert drawn(trace(1.2, 1.2), old).zone == ("0%", "100%")


def test_a_state_is_told_by_its_words_and_has_no_line_at_a_half() -> None:
    chart = drawn(trace(0.0, 1.0, level=0.5, unit="1"), alert("circuit-dead", name="C4"), "en")
    assert chart.level is None
    assert [words for _, words in chart.values] == ["power", "no power"]
    assert [(said, beyond) for _, said, _, beyond in chart.rows] == [("power", False), ("no power", True)]


def test_of_a_limit_below_the_table_tells_the_lowest() -> None:
    shown = trace(*([50.0] * 71), 8.0, level=20.0, unit="%", is_above=False)
    rows = drawn(shown, alert("battery", name="n1"), "en").rows
    assert (len(rows), rows[-1][1:]) == (36, ("8%", True, True))


def test_a_line_of_one_value_alone_is_drawn() -> None:
    assert drawn(trace(0.0, 0.0, level=None)).path
