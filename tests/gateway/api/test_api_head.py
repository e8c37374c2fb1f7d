"""HEAD: what a monitor or a proxy asks before it asks for a page."""

from __future__ import annotations

from starlette.testclient import TestClient


def test_head_answers_as_get_does_without_the_body_and_never_opens_a_stream(client: TestClient) -> None:
    for path in ("/board", "/healthz", "/api/v1/rooms", "/nowhere"):
        asked, got = client.head(path), client.get(path)
        assert (asked.status_code, asked.content) == (got.status_code, b"")
        assert asked.headers["content-type"] == got.headers["content-type"]
    assert client.head("/events").status_code == 405
