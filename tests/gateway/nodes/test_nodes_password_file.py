"""The broker's users in their file, as mosquitto_passwd(1) writes and reads them."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.errors import ContractError
from vigie_gateway.nodes.password_file import PasswordFile, PasswordFileError, hashed, is_password, new_password


@pytest.fixture
def users(tmp_path: Path) -> PasswordFile:
    path = tmp_path / "vigie.passwd"
    path.write_text(hashed("gateway", "secret") + "\n")
    path.chmod(0o640)
    return PasswordFile(path)


def test_a_user_is_put_in_changed_and_taken_out_and_the_others_stay(users: PasswordFile) -> None:
    users.put("pi-2", "one")
    users.put("pi-3", "three")
    users.put("pi-2", "two")
    assert users.users() == ("gateway", "pi-3", "pi-2")
    line = users.line_of("pi-2")
    assert line is not None
    assert (is_password(line, "two"), is_password(line, "one")) == (True, False)
    assert (users.remove("pi-2"), users.remove("pi-2")) == (True, False)
    assert users.users() == ("gateway", "pi-3")


def test_the_files_rights_stay_as_they_are(users: PasswordFile) -> None:
    users.put("pi-2", "one")
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o640


@pytest.mark.parametrize("user", ["#", "+", "pi/2", "", "pi:2", "Pi-2", "x" * 33, "pi\n2"])
def test_a_name_that_could_match_more_than_itself_gets_no_line(users: PasswordFile, user: str) -> None:
    before = users.path.read_bytes()
    with pytest.raises(ContractError):
        users.put(user, "one")
    assert users.path.read_bytes() == before


def test_two_commands_at_once_lose_no_user(users: PasswordFile) -> None:
    names = [f"pi-{number}" for number in range(12)]
    threads = [threading.Thread(target=users.put, args=(name, "one")) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert set(users.users()) == {"gateway", *names}


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PasswordFileError, match="No such file"):
        PasswordFile(tmp_path / "none").users()
    with pytest.raises(PasswordFileError, match="No such file"):
        PasswordFile(tmp_path / "none" / "none").put("pi-2", "one")


@given(st.text(max_size=30), st.text(max_size=60))
def test_a_line_is_of_its_own_password_alone(password: str, other: str) -> None:
    line = hashed("pi-2", password)
    assert is_password(line, password)
    assert is_password(line, other) == (other == password)
    assert not is_password(f"pi-2:{other}", password)


def test_no_two_passwords_are_alike_and_each_has_192_bits() -> None:
    made = {new_password() for _ in range(1_000)}
    assert len(made) == 1_000
    assert {len(password) for password in made} == {32}
