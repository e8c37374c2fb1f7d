"""What was said of the clock, on the disk: read back as it was, and any other bytes are the one error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.clock import word
from vigie_gateway.clock.belief import Witness, Word

SAID = Word(Witness.PERSON, "b" * 32, 1_795_527_000.25, 12.5, is_forced=True)


def test_a_word_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = word.path_beside(tmp_path / "vigie.db")
    assert word.read(path) is None
    word.write(path, SAID)
    assert word.read(path) == SAID
    assert path.stat().st_mode & 0o777 == 0o644, "root writes it, the gateway's own user reads it"
    assert [each.name for each in tmp_path.iterdir()] == ["clock.json"]


def test_what_lies_in_the_way_is_not_followed_and_not_kept(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    for name in ("clock.json", "clock.json.new"):
        (tmp_path / name).symlink_to(elsewhere)
    word.write(tmp_path / "clock.json", SAID)
    assert elsewhere.read_text() == "untouched"
    assert word.read(tmp_path / "clock.json") == SAID
    assert not (tmp_path / "clock.json").is_symlink()


@given(
    st.binary() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(lambda one: json.dumps(one).encode())
)
def test_any_bytes_give_a_word_or_the_one_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content)
    with pytest.raises(word.WordError, match="delete it and vouch again"):
        word.read(path)


@pytest.mark.parametrize("changed", [{"at_ts": "nan"}, {"at_mono": 1e999}, {"witness": "me"}, {"at_ts": None}])
def test_a_word_with_a_field_that_cannot_be_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    path = tmp_path / "clock.json"
    path.write_text(json.dumps(SAID._asdict() | changed))
    with pytest.raises(word.WordError):
        word.read(path)


def test_the_boot_is_what_systemd_says_else_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(word.BOOT_VARIABLE, raising=False)
    kernels = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    assert word.boot_id() == kernels.replace("-", "")
    monkeypatch.setenv(word.BOOT_VARIABLE, "0123456789abcdef0123456789abcdef")
    assert word.boot_id() == "0123456789abcdef0123456789abcdef"
