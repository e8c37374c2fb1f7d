"""Histories of rooms and series, as a browser asks for them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_gateway.store import Sample

BROWSER = {"accept": "text/html", "accept-language": "en"}
WEEK_S = 7 * 86_400


def fill(bench: Bench, weeks: int = 0) -> int:
    """A minute's power each minute of the last hour, and of the same hour of so many weeks before."""
    bench.declare()
    series = bench.store.register("tableau", [Channel("linky-va", "apparent_power", 60.0, "salle", "Meter")])
    number = series["linky-va"].id
    end_ts = bench.clock.now
    samples = [
        Sample(number, end_ts - week * WEEK_S - minute * 60, 1000.0 + week * 100)
        for week in range(weeks + 1)
        for minute in range(60)
    ]
    bench.store.commit(samples, {})
    return number


def test_the_list_names_every_room_and_every_series(bench: Bench, client: TestClient) -> None:
    fill(bench)
    page = client.get("/history", headers=BROWSER).text
    assert 'href="/history/atelier?l=en"' in page
    assert 'href="/history/series/tableau.linky-va?l=en"' in page
    assert "Apparent power" in page


def test_a_search_leaves_what_holds_every_word(bench: Bench, client: TestClient) -> None:
    fill(bench)
    page = client.get("/history?q=METER+power", headers=BROWSER).text
    assert "tableau.linky-va" in page
    assert "tableau.c4-mains" not in page
    assert "Nothing is called like that" in client.get("/history?q=zzz", headers=BROWSER).text


@pytest.mark.parametrize(("by", "title"), [("node", "tableau"), ("quantity", "Apparent power"), ("room", "Main hall")])
def test_the_list_is_grouped_as_asked(bench: Bench, client: TestClient, by: str, title: str) -> None:
    fill(bench)
    page = client.get(f"/history?by={by}", headers=BROWSER).text
    headings = re.findall(r'<h2 id="g-\d+">([^<]+)</h2>', page)
    assert title in headings, headings


def test_a_series_has_a_page_with_its_curve_and_its_table(bench: Bench, client: TestClient) -> None:
    fill(bench)
    page = client.get("/history/series/tableau.linky-va", headers=BROWSER).text
    assert "Meter" in page
    assert re.search(r'class="line" d="M', page)
    assert '<td class="r">1.00</td>' in page
    assert "Readings cover 4% of the period." in page


def test_what_was_mistyped_is_said_and_kept(client: TestClient) -> None:
    answer = client.get("/history/atelier?from=24%2F11&from_time=8h&to=2026-11-24&to_time=", headers=BROWSER)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "From day: this is no date" in answer.text
    assert 'value="24/11"' in answer.text
    assert 'value="8h"' in answer.text


def test_a_language_switch_keeps_the_period(client: TestClient) -> None:
    page = client.get("/history/atelier?from=2026-11-20&to=2026-11-21&compare=week", headers=BROWSER).text
    assert "?l=fr&amp;from=2026-11-20&amp;to=2026-11-21&amp;compare=week" in page


def test_a_usual_week_says_on_how_many_weeks_it_rests(bench: Bench, client: TestClient) -> None:
    fill(bench, weeks=3)
    page = client.get("/history/series/tableau.linky-va?compare=week", headers=BROWSER).text
    assert "The usual week is the middle of 3 weeks before." in page
    assert "1.15 \u2013 1.25" in page
    alone = client.get("/history/series/tableau.c4-mains?compare=week", headers=BROWSER).text
    assert "What is usual is not known" in alone


def test_a_month_is_not_compared_and_says_so(client: TestClient) -> None:
    page = client.get("/history/atelier?span=month&compare=week", headers=BROWSER).text
    assert "A period of at most a week can be compared" in page


def test_looking_closer_gets_finer_points(bench: Bench, client: TestClient) -> None:
    fill(bench)
    end_ts = bench.clock.now
    query = f"from_ts={end_ts - 1200}&to_ts={end_ts}"
    answer = client.get(f"/history/series/tableau.linky-va.json?{query}").json()
    (line,) = answer["series"]
    assert line["times"][1] - line["times"][0] == 10
    assert set(line["means"]) <= {1.0, None}


@pytest.mark.parametrize("query", ["", "from_ts=1", "from_ts=nan&to_ts=2", "from_ts=5&to_ts=5", "from_ts=9e99&to_ts=0"])
def test_a_part_that_is_none_is_a_problem_document(client: TestClient, query: str) -> None:
    answer = client.get(f"/history/atelier.json?{query}")
    assert answer.status_code == 422
    assert "epoch seconds" in answer.json()["detail"]


def test_a_label_from_the_wire_is_text(bench: Bench, client: TestClient) -> None:
    bench.declare(channels=[Channel("linky-va", "apparent_power", 10.0, None, "<img src=x onerror=alert(1)>")])
    bench.send(Reading("linky-va", bench.clock.now, 5.0), first=1)
    for path in ("/history", "/history/series/tableau.linky-va"):
        page = client.get(path, headers=BROWSER).text
        assert "<img" not in page
        assert "&lt;img src=x" in page


def read_csv(client: TestClient, path: str) -> list[list[str]]:
    answer = client.get(path, headers={"accept-language": "en"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))


def test_the_table_has_a_row_for_each_interval_and_nothing_where_nothing_was_measured(
    bench: Bench, client: TestClient
) -> None:
    fill(bench)
    header, *rows = read_csv(client, "/history/series/tableau.linky-va.csv")
    assert header[:2] == ["Until (Europe/Paris)", "Apparent power: Mean (VA)"]
    assert header[-1] == "Apparent power: Readings received (0\u20131)"
    assert len(rows) == 96
    assert rows[0] == ["2026-11-23T14:45:00+01:00", "", "", "", "", "0"]
    assert rows[-1] == ["2026-11-24T14:30:00+01:00", "1000", "1000", "1000", "1000", "1"]


def test_the_table_of_a_room_has_the_columns_of_each_of_its_lines(bench: Bench, client: TestClient) -> None:
    number = bench.store.register("ondes", [Channel("latence-gateway-p95", "latency_p95", 60.0)])
    series = number["latence-gateway-p95"].id
    bench.store.commit([Sample(series, bench.clock.now - 60 * minute, 7.5) for minute in range(60)], {})
    header, *rows = read_csv(client, "/history/cafe.csv?span=day")
    assert header[1] == "Latency (19 replies of 20 are faster): Mean (ms)"
    assert rows[-1][1] == "7.5"


def test_the_table_has_the_usual_week_too(bench: Bench, client: TestClient) -> None:
    fill(bench, weeks=3)
    header, *rows = read_csv(client, "/history/series/tableau.linky-va.csv?compare=week")
    assert rows[-1][header.index("Apparent power: Usual (VA)")] == "1200"
    assert rows[-1][header.index("Apparent power: Weeks")] == "3"
    assert rows[0][header.index("Apparent power: Weeks")] == ""


def test_a_table_of_no_period_is_a_problem_document(client: TestClient) -> None:
    answer = client.get("/history/atelier.csv?from=tomorrow&to=2026-11-24")
    assert (answer.status_code, answer.json()["detail"]) == (422, "the period is wrong: from: date")


def test_the_page_links_to_its_own_table(bench: Bench, client: TestClient) -> None:
    fill(bench)
    page = client.get("/history/series/tableau.linky-va?span=week", headers=BROWSER).text
    assert 'href="/history/series/tableau.linky-va.csv?l=en&amp;span=week" download' in page


def test_a_quarter_of_an_hour_is_compared_minute_by_minute(bench: Bench, client: TestClient) -> None:
    fill(bench, weeks=3)
    end_ts = bench.clock.now
    query = f"from_ts={end_ts - 900}&to_ts={end_ts}&compare=week"
    (line,) = client.get(f"/history/series/tableau.linky-va.json?{query}").json()["series"]
    assert line["times"][1] - line["times"][0] == 60
    assert set(line["usual"]) == {1.2}
