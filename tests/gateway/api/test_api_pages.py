"""Pages, assets, headers and the stream, as a browser meets them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench

from vigie_contract.messages import Channel
from vigie_gateway.api.server import build
from vigie_gateway.store import Sample, StoreError

BROWSER = {"accept": "text/html", "accept-language": "fr-FR,fr;q=0.9,en;q=0.5"}


def test_the_board_is_in_the_language_of_the_browser(client: TestClient) -> None:
    assert '<html lang="fr"' in client.get("/board", headers=BROWSER).text
    assert '<html lang="en"' in client.get("/board", headers=BROWSER | {"accept-language": "en-GB"}).text


def test_a_place_of_one_language_is_shown_in_it_unless_a_link_says_otherwise(bench: Bench) -> None:
    site = bench.gateway.site.model_copy(update={"languages": ("en",)})
    english = TestClient(build(replace(bench.gateway, site=site), {"testserver"}), client=("127.0.0.1", 4321))
    assert '<html lang="en"' in english.get("/board", headers=BROWSER).text
    assert '<html lang="fr"' in english.get("/board?l=fr", headers=BROWSER).text


def test_a_language_parameter_wins_over_the_browser(client: TestClient) -> None:
    assert '<html lang="en"' in client.get("/board?l=en", headers=BROWSER).text


def test_a_sheet_draws_the_last_day_of_a_counted_room_and_stands_without_the_store(
    bench: Bench, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = [Channel(f"porte-atelier-{way}", f"people_{way}", 60.0) for way in ("in", "out")]
    known = bench.store.register("accueil", ways)
    times = [bench.clock.now - 3_600 + 60 * minute for minute in range(60)]
    bench.store.commit([Sample(one.id, at_ts, 5.0) for at_ts in times for one in known.values()], {})
    assert "People, the last 24 hours" in client.get("/rooms/atelier?l=en").text
    assert "People, the last 24 hours" not in client.get("/rooms/fablab?l=en").text

    def broken(*_: object) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(bench.store, "history", broken)
    answer = client.get("/rooms/atelier?l=en")
    assert (answer.status_code, "People, the last" in answer.text) == (200, False)


def test_every_room_has_a_history_page(client: TestClient) -> None:
    assert client.get("/history/atelier", headers=BROWSER).status_code == 200


def test_every_room_with_seats_has_a_sheet(client: TestClient) -> None:
    answer = client.get("/rooms/atelier?l=fr", headers=BROWSER)
    assert answer.status_code == 200
    assert "tableau.p09-in-use" in answer.text
    assert 'href="/rooms/atelier?l=fr"' in client.get("/board?l=fr", headers=BROWSER).text


@pytest.mark.parametrize(
    "path",
    [
        "/rooms/nowhere",
        "/rooms/hall",
        "/history/nowhere",
        "/history/series/no.thing",
        "/history/atelier.pdf",
        "/static/../app.py",
        "/wp-login",
    ],
)
def test_what_is_not_there_is_a_page_for_people(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_every_answer_carries_the_strict_policy(client: TestClient) -> None:
    for path in ("/board", "/api/v1/rooms", "/healthz", "/nothing"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_no_page_holds_an_inline_style_or_script(client: TestClient) -> None:
    for path in ("/board", "/history/atelier", "/history"):
        page = client.get(path, headers=BROWSER).text
        assert " style=" not in page
        assert "<style" not in page


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil"])
def test_a_host_that_is_not_ours_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/board", headers={"host": host}).status_code == 421


def test_healthz_names_what_was_refused(bench: Bench, client: TestClient) -> None:
    bench.receive("vigie/1/semaphore/tableau/data", b"\xff")
    report = client.get("/healthz").json()
    assert report["parts"]["refused"]["by_reason"]["missing"]["count"] == 1


def test_healthz_fails_while_the_broker_is_away(bench: Bench, client: TestClient) -> None:
    bench.bus.is_connected = False
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["parts"]["broker"]["status"]) == (503, "fail")


def test_assets_are_cached_for_ever_and_sent_compressed(client: TestClient) -> None:
    page = client.get("/board", headers=BROWSER).text
    name = page.split("/static/", 1)[1].split('"', 1)[0]
    answer = client.get(f"/static/{name}", headers={"accept-encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers.get("content-encoding") == "gzip"
    again = client.get(f"/static/{name}", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
