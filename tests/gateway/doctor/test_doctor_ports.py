"""What must stay inside and what must be let in is told by what listens and by the firewall's own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gateway.doctor.conftest import TalkingMachine

from vigie_gateway.doctor import broker_file
from vigie_gateway.doctor.findings import Finding
from vigie_gateway.doctor.firewall import (
    MDNS_GROUP,
    Entry,
    Firewall,
    find_firewall,
    firewalld_entry,
    ufw_entry,
)
from vigie_gateway.doctor.nft_rules import Packet
from vigie_gateway.doctor.ports import Opened, listening, opened_ports, port_findings
from vigie_gateway.settings import HttpSettings

MOSQUITTO = Path(__file__).resolve().parents[3] / "systemd" / "mosquitto"
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:075B 00000000:0000 0A 00000000:00000000 00:00000000 00000000   103        0 1 1 0 100 0 0 10 0
   1: 00000000:22B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000   103        0 2 1 0 100 0 0 10 0
   2: 0A01A8C0:1F90 0B01A8C0:D2F0 01 00000000:00000000 00:00000000 00000000   900        0 3 1 0 100 0 0 10 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   1: 0000000000000000FFFF00000100007F:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   2: 00000000000000000000000000000000:1F93 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
"""
UDP = "  sl  local_address rem_address   st\n  1: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000\n"
UFW = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     LIMIT IN    Anywhere
8883:8884/tcp              ALLOW IN    Anywhere                   # nodes
8080,8443/tcp              ALLOW IN    192.168.1.0/24
8443/tcp                   ALLOW IN    Anywhere
9000                       DENY IN     Anywhere
22/tcp (v6)                LIMIT IN    Anywhere (v6)
"""
FIREWALLD = """\
public (active)
  target: default
  icmp-block-inversion: no
  interfaces: eth0
  sources:{space}
  services: dhcpv6-client mdns ssh
  ports: 8883/tcp 8440-8445/tcp
  protocols:{space}
  forward: yes
  rich rules:{space}
""".format(space=" ")
IN = Firewall("", lambda _: Entry.IN, "")


def statuses(found: list[Finding]) -> list[str]:
    return [finding.status for finding in found]


def test_only_what_others_reach_counts_as_listening(machine: TalkingMachine) -> None:
    for name, text in (("tcp", TCP), ("tcp6", TCP6), ("udp", UDP)):
        machine.put(f"/proc/net/{name}", text)
    assert listening(machine) == {("tcp", 8883), ("tcp", 8083), ("udp", 5353)}


def test_what_is_opened_is_what_the_files_say() -> None:
    assert opened_ports(HttpSettings(), None, has_mdns=False) == []
    http = HttpSettings(host="0.0.0.0", certificate_file="a", key_file="b")
    broker = broker_file.read(MOSQUITTO / "vigie-lan.conf")
    found = opened_ports(http, broker, has_mdns=True)
    assert [each.name for each in found] == ["8080/tcp", "8443/tcp", "8883/tcp", "8884/tcp", "5353/udp"]


def test_a_broker_without_tls_that_others_reach_is_a_failure_also_behind_a_firewall_it_is_told() -> None:
    heard = {("tcp", 1883)}
    (found,) = port_findings([], [1883], heard, IN)
    assert (found.status, "reads passwords" in found.text) == ("fail", True)
    (found,) = port_findings([], [1883], heard, Firewall("ufw", lambda _: Entry.OUT, ""))
    assert (found.status, "ufw alone" in found.text) == ("warn", True)
    (found,) = port_findings([], [1883], heard, Firewall("ufw", lambda _: Entry.UNKNOWN, ""))
    assert found.status == "fail"
    (found,) = port_findings([], [1883], {("tcp", 8883)}, IN)
    assert (found.status, "alone" in found.text) == ("pass", True)


@pytest.mark.parametrize(
    ("entry", "heard", "status", "words"),
    [
        (Entry.IN, True, "pass", "is let in by ufw"),
        (Entry.IN, False, "warn", "nothing listens on port 8883/tcp"),
        (Entry.OUT, True, "fail", "is kept out by ufw"),
        (Entry.UNKNOWN, True, "unknown", "for ufw to say"),
    ],
)
def test_a_port_that_nodes_need_is_there_and_let_in(entry: Entry, heard: bool, status: str, words: str) -> None:
    firewall = Firewall("ufw", lambda _: entry, "sudo ufw allow {port}")
    opened = [Opened(Packet("tcp", 8883), "nodes elsewhere", "start it")]
    (found,) = port_findings(opened, [], {("tcp", 8883)} if heard else set(), firewall)
    assert (found.status, words in found.text) == (status, True)
    assert status != "fail" or found.remedy == "sudo ufw allow 8883/tcp"


def test_nobody_has_to_listen_where_nodes_are_let_in_now_and_then() -> None:
    opened = [Opened(Packet("tcp", 8884), "nodes that are let in", "")]
    assert statuses(port_findings(opened, [], set(), IN)) == ["pass"]
    assert statuses(port_findings(opened, [], set(), Firewall("ufw", lambda _: Entry.OUT, ""))) == ["warn"]


def test_a_gateway_for_itself_alone_opens_nothing() -> None:
    (found,) = port_findings([], [], set(), IN)
    assert (found.status, "this machine's alone" in found.text) == ("pass", True)


@pytest.mark.parametrize(
    ("packet", "entry"),
    [
        (Packet("tcp", 22), Entry.IN),
        (Packet("tcp", 8884), Entry.IN),
        (Packet("udp", 8884), Entry.OUT),
        (Packet("tcp", 8080), Entry.UNKNOWN),
        (Packet("tcp", 8443), Entry.UNKNOWN),
        (Packet("tcp", 9000), Entry.OUT),
        (Packet("udp", 5353, MDNS_GROUP), Entry.IN),
        (Packet("tcp", 1883), Entry.OUT),
    ],
)
def test_ufw_is_read_by_its_first_rule_that_fits(packet: Packet, entry: Entry) -> None:
    assert ufw_entry(UFW, packet) is entry


def test_ufws_default_decides_the_rest() -> None:
    assert ufw_entry("Default: allow (incoming), allow (outgoing)\n", Packet("tcp", 1)) is Entry.IN
    assert ufw_entry("", Packet("tcp", 1)) is Entry.UNKNOWN


@pytest.mark.parametrize(
    ("packet", "entry"),
    [
        (Packet("tcp", 8883), Entry.IN),
        (Packet("tcp", 8443), Entry.IN),
        (Packet("udp", 5353, MDNS_GROUP), Entry.IN),
        (Packet("tcp", 8080), Entry.OUT),
    ],
)
def test_firewalld_is_read_by_its_ports_and_services(packet: Packet, entry: Entry) -> None:
    assert firewalld_entry(FIREWALLD, packet) is entry


def test_firewallds_rich_rules_leave_it_not_known_and_a_trusting_zone_lets_in() -> None:
    rich = f'{FIREWALLD}\trule family="ipv4" source address="10.0.0.0/8" accept\n'
    assert firewalld_entry(rich, Packet("tcp", 8080)) is Entry.UNKNOWN
    assert firewalld_entry(FIREWALLD.replace("default", "ACCEPT"), Packet("tcp", 8080)) is Entry.IN
    assert firewalld_entry("", Packet("tcp", 8080)) is Entry.UNKNOWN


def test_the_firewall_that_runs_is_the_one_that_is_asked(machine: TalkingMachine) -> None:
    listing = Path(__file__).with_name("nft_listing.json").read_text(encoding="utf-8")
    packet = Packet("tcp", 8443)
    assert find_firewall(machine).name == ""
    machine.words["/usr/sbin/nft --json list ruleset"] = listing
    assert (find_firewall(machine).name, find_firewall(machine).entry(packet)) == ("nftables", Entry.IN)
    assert find_firewall(machine).entry(Packet("tcp", 1)) is Entry.OUT
    machine.words |= {"firewall-cmd --state": "running\n", "firewall-cmd --list-all": FIREWALLD}
    assert find_firewall(machine).name == "firewalld"
    machine.put("/etc/ufw/ufw.conf", "# ufw\nENABLED=yes\nLOGLEVEL=low\n")
    machine.words["ufw status verbose"] = UFW
    assert find_firewall(machine).name == "ufw"


@pytest.mark.parametrize(
    ("path", "text", "words", "name"),
    [
        ("/etc/ufw/ufw.conf", "ENABLED=yes\n", {"ufw status verbose": None}, "ufw, which does not tell"),
        ("/etc/x", "", {"firewall-cmd --state": "running\n"}, "firewalld, which does not tell"),
        ("/proc/net/ip_tables_names", "filter\n", {}, "the older iptables"),
        ("/sys/module/nf_tables/refcnt", "1\n", {"/usr/sbin/nft --json list ruleset": None}, "nftables, whose rules"),
    ],
)
def test_a_firewall_that_does_not_tell_its_rules_leaves_it_not_known(
    machine: TalkingMachine, path: str, text: str, words: dict[str, str | None], name: str
) -> None:
    machine.put(path, text)
    machine.words |= words
    found = find_firewall(machine)
    assert (found.name.startswith(name), found.entry(Packet("tcp", 8883))) == (True, Entry.UNKNOWN)
    assert found.opening


def test_a_firewall_without_rules_for_what_comes_in_is_none(machine: TalkingMachine) -> None:
    machine.words["/usr/sbin/nft --json list ruleset"] = '{"nftables": [{"metainfo": {}}]}'
    machine.put("/etc/ufw/ufw.conf", "ENABLED=yes\n")
    machine.words["ufw status verbose"] = "Status: inactive\n"
    assert find_firewall(machine).name == ""
