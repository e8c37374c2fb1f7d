"""The young file: whatever cuts it short, what is read back was taken, in sequence, of this session and boot."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors import young as young_module
from vigie_sensors.young import Head, Row, YoungFile, choose_folder, is_in_memory, read_young

HEAD = Head("session", "boot", 3, 7)
MOUNTS = """\
22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:25 / {memory} rw,nosuid shared:3 - tmpfs tmpfs rw,size=100k
31 30 8:3 / {memory}/card rw - ext4 /dev/mmcblk0p3 rw
"""


def row(number: int) -> Row:
    return (number, 1, 1.79e9 + number, 5_000.0 + number, 1, 1, number / 7, None)


def written(path: Path, count: int) -> bytes:
    file = YoungFile(path, HEAD, [row(8)])
    file.append([row(number) for number in range(9, 8 + count)])
    data = path.read_bytes()
    file.remove()
    return data


def test_what_was_appended_is_there_with_the_head_it_was_begun_with(tmp_path: Path) -> None:
    path = tmp_path / "j.young"
    file = YoungFile(path, HEAD, [row(8)])
    file.append([row(9), (10, 2, 1.0, 2.0, 1, 0, None, "absent")])
    assert read_young(path, "session", "boot") == (HEAD, [row(8), row(9), (10, 2, 1.0, 2.0, 1, 0, None, "absent")])
    file.rewrite(HEAD._replace(floor=9), [row(9)])
    file.append([row(10)])
    assert read_young(path, "session", "boot") == (HEAD._replace(floor=9), [row(9), row(10)])
    assert file.lines == 2
    file.remove()
    assert read_young(path, "session", "boot") is None
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_another_session_or_boot_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "j.young"
    path.write_bytes(written(path, 3))
    assert read_young(path, "session", "another") is None
    assert read_young(path, "another", "boot") is None


@given(length=st.integers(0, 400), added=st.binary(max_size=40))
def test_cut_anywhere_it_gives_the_readings_before_the_cut(
    tmp_path_factory: pytest.TempPathFactory, length: int, added: bytes
) -> None:
    path = tmp_path_factory.mktemp("cut") / "j.young"
    path.write_bytes(written(path, 6)[:length] + added)
    found = read_young(path, "session", "boot")
    if found is not None:
        whole = [row(number) for number in range(8, 14)]
        assert found[1][: len(whole)] == whole[: len(found[1])]


@given(st.binary())
def test_any_bytes_are_read_as_nothing_or_as_rows(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "j.young"
    path.write_bytes(data)
    assert read_young(path, "session", "boot") is None


def test_a_full_folder_is_told_and_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j.young"
    file = YoungFile(path, HEAD, [row(8)])
    monkeypatch.setattr(os, "write", lambda *_: 10)
    with pytest.raises(OSError, match="only a part"):
        file.rewrite(HEAD, [row(9)])
    assert read_young(path, "session", "boot") == (HEAD, [row(8)])
    file.remove()


def test_a_folder_is_in_memory_when_the_nearest_mount_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "memory"
    (memory / "card" / "x").mkdir(parents=True)
    (memory / "y").mkdir()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.format(memory=memory.resolve()))
    monkeypatch.setattr(young_module, "_MOUNTS", mounts)
    assert is_in_memory(memory / "y")
    assert not is_in_memory(memory / "card" / "x")
    assert not is_in_memory(tmp_path)


def test_the_folder_of_systemd_comes_first_and_one_on_a_card_is_told_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given_folder, card = tmp_path / "run", tmp_path / "card"
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{given_folder}:/run/other")
    monkeypatch.setattr(young_module, "is_in_memory", lambda folder: folder != card)
    assert choose_folder(None) == given_folder
    with caplog.at_level(logging.WARNING):
        assert choose_folder(card) is None
    assert [record.getMessage() for record in caplog.records] == [
        f"no folder in memory for young readings ({card}): each is written to the card, which wears it"
    ]


def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(young_module, "is_in_memory", lambda _: True)
    open_to_all, link = tmp_path / "open", tmp_path / "link"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    link.symlink_to(tmp_path)
    assert choose_folder(open_to_all) is None
    assert choose_folder(link) is None
