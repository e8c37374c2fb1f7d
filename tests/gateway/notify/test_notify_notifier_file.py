"""``notify.notifier_file``: ``notifiers.toml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie_gateway.notify.notifier_file import NotifierFile, NotifierFileError, read_notifiers

WHOLE = """\
[notifiers.mail-desk]
kind = "email"
server = "smtp.example.org"
user = "vigie"
password = "canary"
from = "vigie@example.org"
to = ["accueil@example.org"]

[notifiers.phones]
url = "ntfys://canary@ntfy.example.lan/alertes"
local = true

[heartbeat]
url = "https://hc.example.org/canary"
every_s = 30
"""


def written(folder: Path, text: str, mode: int = 0o640) -> Path:
    path = folder / "notifiers.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def read(path: Path | None) -> NotifierFile:
    return read_notifiers(path, lambda: 0.0)


def test_a_whole_file_gives_its_notifiers_in_its_order(tmp_path: Path) -> None:
    found = read(written(tmp_path, WHOLE))
    assert [(one.name, one.kind, one.is_local) for one in found.notifiers] == [
        ("mail-desk", "email", False),
        ("phones", "ntfy", True),
    ]
    assert found.heartbeat is not None
    assert found.heartbeat.every_s == 30
    assert "canary" not in repr(found)


def problems(folder: Path, text: str) -> list[str]:
    path = written(folder, text)
    with pytest.raises(NotifierFileError) as told:
        read(path)
    assert "canary" not in str(told.value)
    return [problem.removeprefix(f"{path}:") for problem in told.value.problems]


@pytest.mark.parametrize(
    ("line", "becomes", "problem"),
    [
        ('server = "smtp', 'server = "canary smtp', "3: notifiers.mail-desk.server: String should match pattern"),
        ('password = "canary"', 'passwort = "canary"', "5: notifiers.mail-desk.passwort: unknown key"),
        ('password = "canary"\n', "", "1: notifiers.mail-desk: expected `user` and `password` together"),
        (
            'user = "vigie"',
            'user = "vigie"\nsecurity = "none"',
            '1: notifiers.mail-desk: expected `security` "starttls"',
        ),
        ('password = "canary"', "password = 77", "5: notifiers.mail-desk.password: Input should be a valid string"),
        ('to = ["accueil@example.org"]', 'to = ["canary"]', "7: notifiers.mail-desk.to.0: String should match"),
        ('to = ["accueil@example.org"]', 'to = ["a@example.org\\r\\nBcc: x"]', "7: notifiers.mail-desk.to.0: String"),
        ('to = ["accueil@example.org"]', "to = []", "1: notifiers.mail-desk: expected an address in `to`"),
        ("[notifiers.phones]", "[notifiers.Phones]", "9: notifiers.Phones: expected a name of 1 to 32 characters"),
        ("[notifiers.phones]", "[notifiers.screen]", "9: notifiers.screen: every place has one of this name"),
        ('url = "ntfys', 'url = "canarys', "10: notifiers.phones.url: no address that Apprise knows"),
        ("local = true", 'ca_file = "/canary"', "11: notifiers.phones.ca_file: expected a file that is there"),
        ('url = "https://hc', 'url = "canary://hc', "14: heartbeat.url: expected http:// or https://"),
        ("every_s = 30", "every_s = 1", "15: heartbeat.every_s: Input should be greater than or equal to 10"),
        ('kind = "email"', 'kind = "canary"', '1: notifiers.mail-desk: expected `url`, `kind = "email"` or'),
        ("[heartbeat]", "[canarybeat]", None),
    ],
)
def test_what_is_wrong_is_told_by_its_line_and_key_and_never_repeated(
    tmp_path: Path, line: str, becomes: str, problem: str | None
) -> None:
    assert line in WHOLE
    if problem is None:
        with pytest.raises(NotifierFileError, match=r"expected \[notifiers.NAME\] or \[heartbeat\]"):
            read(written(tmp_path, WHOLE.replace(line, becomes)))
        return
    (found,) = problems(tmp_path, WHOLE.replace(line, becomes))
    assert found.startswith(problem)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace("every_s = 30", "every_s = 1").replace('kind = "email"', 'kind = "fax"')
    assert len(problems(tmp_path, text)) == 2


def test_a_file_that_is_no_toml_is_told_by_its_place_alone(tmp_path: Path) -> None:
    path = written(tmp_path, 'a = "canary\n')
    with pytest.raises(NotifierFileError, match=r"no TOML \(at line 1, column \d+\)$") as told:
        read(path)
    assert "canary" not in str(told.value)


@pytest.mark.parametrize("mode", [0o644, 0o602])
def test_a_file_that_everybody_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(NotifierFileError, match=r"lets everybody on this machine at its passwords: sudo chmod o= "):
        read(written(tmp_path, WHOLE, mode))


def test_a_file_that_was_named_has_to_be_there_and_the_usual_one_does_not(tmp_path: Path) -> None:
    with pytest.raises(NotifierFileError, match="No such file"):
        read(tmp_path / "none.toml")
    assert read(None) == NotifierFile()


LAMP = """\
[notifiers.lampe]
kind = "mqtt"
topic = "cmnd/lampe-accueil/POWER"
on = "ON"
off = "OFF"
"""


def test_a_lamp_has_a_topic_and_what_lights_it_and_darkens_it(tmp_path: Path) -> None:
    (lamp,) = read(written(tmp_path, LAMP)).lamps.items()
    assert (lamp[0], lamp[1].topic, lamp[1].on, lamp[1].off) == ("lampe", "cmnd/lampe-accueil/POWER", "ON", "OFF")


@pytest.mark.parametrize("topic", ["vigie/1/place/hall/do", "cmnd/+/POWER", "cmnd/#", "$SYS/x", "", "a" * 201])
def test_no_lamp_is_on_a_topic_of_vigies_own_or_on_several(tmp_path: Path, topic: str) -> None:
    (problem,) = problems(tmp_path, LAMP.replace("cmnd/lampe-accueil/POWER", topic))
    assert problem.startswith("3: notifiers.lampe.topic: ")
