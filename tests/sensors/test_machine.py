"""Which machine a card is in: told apart where anything tells them apart, and never written down."""

from __future__ import annotations

from pathlib import Path

from vigie_sensors.machine import boot_id, fingerprints, machine_identities


def interface(folder: Path, name: str, address: str, kind: str = "0", *, is_real: bool = True) -> None:
    place = folder / name
    place.mkdir(parents=True)
    (place / "address").write_text(address + "\n")
    (place / "addr_assign_type").write_text(kind + "\n")
    if is_real:
        (place / "device").mkdir()


def test_a_raspberry_pi_is_known_by_its_serial_number(tmp_path: Path) -> None:
    serial = tmp_path / "serial-number"
    serial.write_bytes(b"10000000abcdef12\0")
    interface(tmp_path / "net", "eth0", "b8:27:eb:00:00:01")
    assert machine_identities(serial, tmp_path / "net") == ["serial 10000000abcdef12"]


def test_without_one_hardware_addresses_count_and_made_up_ones_do_not(tmp_path: Path) -> None:
    net = tmp_path / "net"
    interface(net, "wlan0", "b8:27:eb:00:00:02")
    interface(net, "eth0", "b8:27:eb:00:00:01")
    interface(net, "usb0", "02:00:00:00:00:01", "1")
    interface(net, "docker0", "b8:27:eb:00:00:03", is_real=False)
    interface(net, "lo", "00:00:00:00:00:00")
    serial = tmp_path / "serial-number"
    serial.write_bytes(b"0000000000000000\0")
    expected = ["address b8:27:eb:00:00:01", "address b8:27:eb:00:00:02"]
    assert machine_identities(serial, net) == expected


def test_a_machine_that_nothing_tells_apart_has_no_identity(tmp_path: Path) -> None:
    assert machine_identities(tmp_path / "none", tmp_path / "none") == []
    assert fingerprints("j1", []) == frozenset()


def test_a_fingerprint_tells_nothing_of_the_machine_and_differs_in_another_journal() -> None:
    found = fingerprints("j1", ["serial 10000000abcdef12"])
    assert found == fingerprints("j1", ["serial 10000000abcdef12"])
    assert found.isdisjoint(fingerprints("j2", ["serial 10000000abcdef12"]))
    assert not any("abcdef12" in text for text in found)


def test_a_boot_id_is_an_id_of_the_protocol() -> None:
    assert len(boot_id()) == 32
    assert boot_id().isalnum()
