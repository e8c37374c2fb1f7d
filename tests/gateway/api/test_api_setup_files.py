"""Recipes and pictures: what is not right is told and changes nothing; the picture is for the set-up alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.api.test_api_setup import SAMPLE, Admin, toml_of
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.api.form import parts_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\r\n--\xff" * 20


@pytest.fixture
def admin(bench: Bench) -> Admin:
    return Admin(bench)


def send(admin: Admin, path: str, name: str, content: bytes) -> tuple[int, str]:
    csrf = re.search(r'name="csrf" value="([^"]+)"', admin.get("/setup"))
    assert csrf is not None
    files = {name: ("a name.bin", content)}
    answer = admin.client.post(path, params={"l": "en"}, data={"csrf": csrf[1]}, files=files)
    return answer.status_code, answer.headers.get("location", answer.text)


def test_a_recipe_is_taken_in_looked_at_and_put_in_place(admin: Admin, bench: Bench) -> None:
    assert send(admin, "/setup/import", "recipe", SAMPLE.encode()) == (303, "/setup/review?l=en&done=imported")
    assert not bench.gateway.setup.file.path.exists()
    assert "Le Sémaphore" in admin.get("/setup/place")
    admin.post("/setup/review", {"do": "apply"})
    assert bench.gateway.setup.file.path.read_text(encoding="utf-8") == SAMPLE


def test_a_wrong_recipe_is_told_line_by_line_and_changes_nothing(admin: Admin, bench: Bench) -> None:
    wrong = SAMPLE.replace("seats = 40", "seats = -40").replace('timezone = "Europe/Paris"', 'timezone = "Paris"')
    status, text = send(admin, "/setup/import", "recipe", wrong.encode())
    assert status == 422
    assert "This file is not right. Nothing was changed." in text
    assert re.search(r"site\.toml:8: timezone is &#34;Paris&#34;", text)
    assert re.search(r"site\.toml:\d+: rooms\[0\]\.seats is -40, expected a whole number, 0 or more", text)
    assert not (bench.store.file.path.parent / "setup-draft.json").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choose a file first"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"id = ", "is not TOML"),
        (b"#" * (600 * 1024), "A site file has 512 kB at most"),
    ],
)
def test_what_is_no_recipe_is_told(admin: Admin, content: bytes, said: str) -> None:
    status, text = send(admin, "/setup/import", "recipe", content)
    assert (status, said in text) == (422, True)


def test_a_place_with_a_wrong_file_can_take_in_a_right_one(admin: Admin, bench: Bench) -> None:
    toml_of(bench, "id = 3\n")
    assert "The site file is wrong as it is" in admin.get("/setup/plan")
    assert send(admin, "/setup/import", "recipe", SAMPLE.encode())[0] == 303
    admin.post("/setup/review", {"do": "apply"})
    assert bench.gateway.setup.file.path.read_text(encoding="utf-8") == SAMPLE


def test_what_is_exported_can_be_imported_and_holds_no_secret(admin: Admin, bench: Bench) -> None:
    toml_of(bench, SAMPLE.replace('file = "sessions.ics"', 'url = "https://example.org/secret.ics"'))
    answer = admin.client.get("/setup/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="site.toml"'
    assert "secret" not in answer.text.replace("holds no secret", "")
    assert "# Doors. What `in` counts" in answer.text
    assert send(admin, "/setup/import", "recipe", answer.content)[0] == 303


def test_a_picture_is_for_the_set_up_alone(admin: Admin, bench: Bench) -> None:
    assert send(admin, "/setup/picture", "picture", PNG) == (303, "/setup/plan?l=en")
    answer = admin.client.get("/setup/picture")
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ask_from(bench, "127.0.0.1").get("/setup/picture").status_code == 401
    admin.post("/setup/picture/remove", {})
    assert admin.client.get("/setup/picture").status_code == 404


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"GIF89a", PNG + b"0" * 5_300_000]
)
def test_what_is_no_picture_is_refused(admin: Admin, content: bytes) -> None:
    status, text = send(admin, "/setup/picture", "picture", content)
    assert status == 422
    assert "A picture is expected: PNG, JPEG or WebP, 5 MB at most." in text
    assert admin.client.get("/setup/picture").status_code == 404


def test_a_file_without_the_form_token_is_not_taken(admin: Admin) -> None:
    answer = admin.client.post("/setup/picture", data={"csrf": "x"}, files={"picture": ("a.png", PNG)})
    assert answer.status_code == 403


names = st.text(alphabet="abcz_-09", min_size=1, max_size=9)


@given(st.dictionaries(names, st.binary(max_size=60), max_size=5))
def test_the_parts_of_a_form_come_out_as_they_were_put_in(parts: dict[str, bytes]) -> None:
    boundary = b"x" * 60
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (boundary, name.encode(), content)
        for name, content in parts.items()
    )
    assert parts_of(body + b"--" + boundary + b"--\r\n", boundary) == parts


@given(st.binary(max_size=200), st.sampled_from([b"x", b"ab"]))
def test_any_bytes_are_a_form_or_none(body: bytes, boundary: bytes) -> None:
    found = parts_of(body, boundary)
    assert found is None or all(content in body for content in found.values())
