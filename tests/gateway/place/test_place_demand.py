"""A site changes what sessions ask for, says where that is from, and is told what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie_gateway.capacity.activities import BUILT_IN
from vigie_gateway.place.site import check_site, load_site
from vigie_gateway.place.wifi import VIDEO_CALL

HEAD = 'id = "semaphore"\nname = "Le Sémaphore"\ntimezone = "Europe/Paris"\n'


def site_file(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_without_tables_a_site_has_what_vigie_knows(tmp_path: Path) -> None:
    found = load_site(site_file(tmp_path, "")).session_activities()
    assert dict(found.by_id) == dict(BUILT_IN.by_id)
    assert dict(found.equipment) == dict(BUILT_IN.equipment)


def test_a_known_activity_keeps_what_its_table_does_not_give(tmp_path: Path) -> None:
    table = '[[activities]]\nid = "video-call"\nupload_bps = 900_000\nsource = "counted here"\nas_of = 2026-11-25\n'
    found = load_site(site_file(tmp_path, table)).session_activities().by_id["video-call"]
    assert (found.upload_bps, found.source, found.as_of) == (900_000, "counted here", "2026-11-25")
    assert found.download_bps == BUILT_IN.by_id["video-call"].download_bps
    assert found.requirement == VIDEO_CALL


def test_a_site_adds_activities_and_equipment_of_its_own(tmp_path: Path) -> None:
    text = """
[[activities]]
id = "lan-party"
name = { fr = "Jouer en réseau", en = "LAN party" }
download_bps = 500_000
upload_bps = 200_000
latency = "call"
lighter = "watch-video"
outlets_per_person = 2
source = "two evenings"
as_of = 2026-10-01

[[equipment]]
id = "laser-cutter"
name = "Laser cutter"
power_w = 1500
"""
    found = load_site(site_file(tmp_path, text)).session_activities()
    assert found.by_id["lan-party"].names == {"fr": "Jouer en réseau", "en": "LAN party"}
    assert found.by_id["lan-party"].requirement == VIDEO_CALL
    assert found.equipment["laser-cutter"].power_w == 1500
    assert list(found.by_id)[-1] == "lan-party"


SOURCE = 'source = "us"\nas_of = 2026-11-25\n'


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[[activities]]\nid = "video-call"\nas_of = 2026-11-25\n', "activities[0].source: expected this key"),
        ('[[activities]]\nid = "sing"\n' + SOURCE, "name, download_bps and upload_bps, since it is none"),
        (
            '[[activities]]\nid = "web-write"\nactive_share = 1.2\n' + SOURCE,
            "active_share is 1.2, expected a share, 0 to 1",
        ),
        (
            '[[activities]]\nid = "web-write"\nupload_bps = -1\n' + SOURCE,
            "upload_bps is -1, expected a number, 0 or more",
        ),
        ('[[activities]]\nid = "web-write"\nupload_bps = "1"\n' + SOURCE, 'upload_bps is "1", expected a number'),
        ('[[activities]]\nid = "web-write"\nlatency = "good"\n' + SOURCE, "latency"),
        ('[[activities]]\nid = "web-write"\nlighter = "web-wrote"\n' + SOURCE, 'did you mean "web-write"?'),
        ('[[activities]]\nid = "web-write"\nuploads_bps = 1\n' + SOURCE, '"upload_bps" (this key is not known)'),
        ('[[equipment]]\nid = "oven"\npower_w = 100\n', "name, since it is none that Vigie knows (projector, kettle)"),
        ('[[equipment]]\nid = "kettle"\n', "equipment[0].power_w: expected this key"),
        ('[[equipment]]\nid = "kettle"\npower_w = 1\n' * 2, "an id that no other of [[equipment]] has"),
    ],
)
def test_a_table_that_is_wrong_is_told_with_its_key_and_what_was_expected(
    table: str, said: str, tmp_path: Path
) -> None:
    told = check_site(site_file(tmp_path, table))
    assert said in "\n".join(
        f"{one.key} is {one.value}, expected {one.expected}" if one.value else f"{one.key}: expected {one.expected}"
        for one in told
    )
