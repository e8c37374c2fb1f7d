"""A card's wear is told where the card tells it; where it tells nothing, that is said, and is not well."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.doctor.conftest import TalkingMachine

from vigie_gateway.doctor.card import card_findings, judge_wear
from vigie_gateway.doctor.disks import mount_at, mounts_of
from vigie_gateway.doctor.findings import Finding
from vigie_gateway.install.machine import Machine

DISK = "/sys/devices/platform/emmc2bus/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0"
STORE = Path("/var/lib/vigie")
ROOT_MOUNT = "23 1 179:2 / / rw,noatime - ext4 /dev/mmcblk0p2 rw\n"
DAY = "86400.00 300000.00\n"


def stat_of(written_gb: float) -> str:
    """The kernel's counts of a disk: what was written is the seventh, in sectors of 512 bytes."""
    return f"  120 30 9000 100 400 60 {int(written_gb * 1e9 / 512)} 900 0 500 1000\n"


@pytest.fixture
def pi(machine: TalkingMachine) -> TalkingMachine:
    """A Pi on an SD card of 32 GB, up for a day, which wrote 0.2 GB."""
    machine.put("/proc/self/mountinfo", ROOT_MOUNT)
    machine.put("/proc/uptime", DAY)
    machine.put("/proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 2000000 5000 100\n")
    machine.put(f"{DISK}/size", "62333952\n")
    machine.put(f"{DISK}/stat", stat_of(0.2))
    machine.put(f"{DISK}/device/type", "SD\n")
    machine.put(f"{DISK}/device/name", "SC32G\n")
    machine.put(f"{DISK}/mmcblk0p2/partition", "2\n")
    machine.put("/sys/fs/ext4/mmcblk0p2/errors_count", "0\n")
    links = machine.at("/sys/dev/block")
    links.mkdir(parents=True)
    (links / "179:2").symlink_to(f"../../{DISK.removeprefix('/sys/')}/mmcblk0p2")
    return machine


def found_on(machine: TalkingMachine, commit_interval_s: float = 10.0) -> list[Finding]:
    return card_findings(machine, STORE, commit_interval_s)


def statuses(found: list[Finding]) -> list[str]:
    return [finding.status for finding in found]


def test_an_sd_card_tells_nothing_of_its_wear_and_that_is_not_well(pi: TalkingMachine) -> None:
    wear, written = found_on(pi)
    assert (wear.status, "SC32G" in wear.text, "copies" in wear.remedy) == ("unknown", True, True)
    assert (written.status, written.text) == (
        "pass",
        "0.2 GB a day are written to /dev/mmcblk0, with commits every 10 s",
    )


def test_an_emmc_tells_its_wear_by_the_worse_of_its_two_kinds_of_cells(pi: TalkingMachine) -> None:
    pi.put(f"{DISK}/device/type", "MMC\n")
    pi.put(f"{DISK}/device/life_time", "0x01 0x09\n")
    pi.put(f"{DISK}/device/pre_eol_info", "0x01\n")
    wear, _ = found_on(pi)
    assert (wear.status, "80 to 90 %" in wear.text, "new card" in wear.remedy) == ("warn", True, True)


@pytest.mark.parametrize(
    ("tenths", "spare", "status", "words"),
    [
        (1, 1, "pass", "0 to 10 %"),
        (8, 0, "pass", "70 to 80 %"),
        (9, 1, "warn", "80 to 90 %"),
        (11, 1, "fail", "used up"),
        (2, 2, "warn", "a fifth"),
        (2, 3, "fail", "hardly any"),
        (0, 1, "pass", "reserve is whole"),
    ],
)
def test_life_and_reserve_are_judged_by_their_limits(tenths: int, spare: int, status: str, words: str) -> None:
    found = judge_wear(tenths, spare, "it")
    assert (found.status, words in found.text, not found.remedy) == (status, True, status == "pass")


def test_a_card_that_is_written_whole_within_days_is_told_with_what_does_it(pi: TalkingMachine) -> None:
    pi.put(f"{DISK}/stat", stat_of(16))
    pi.put("/proc/swaps", "Filename Type Size Used Priority\n/var/swap file 524284 120000 -2\n")
    pi.at("/var/log/journal").mkdir(parents=True)
    _, written, swap = found_on(pi, 1.0)
    assert (written.status, "its 32 GB in 2.0 days" in written.text) == ("warn", True)
    for cause in ("iotop", "swap /var/swap", "Storage=volatile", "commit_interval_s = 1", "commit=60"):
        assert cause in written.remedy
    assert (swap.status, "120 MB of it are used" in swap.text) == ("warn", True)


def test_what_is_not_so_is_not_named_as_a_cause(pi: TalkingMachine) -> None:
    """Logs in memory, two ways, and a slower rhythm: nothing of it wears the card."""
    pi.put(f"{DISK}/stat", stat_of(16))
    log2ram = "40 23 0:40 / /var/log rw,relatime shared:9 - tmpfs log2ram rw,size=40960k\n"
    pi.put("/proc/self/mountinfo", ROOT_MOUNT.replace("/dev/mmcblk0p2 rw", "/dev/mmcblk0p2 rw,commit=60") + log2ram)
    pi.at("/var/log/journal").mkdir(parents=True)
    assert found_on(pi)[1].remedy.endswith("says which program writes")
    pi.put("/proc/self/mountinfo", ROOT_MOUNT)
    pi.put("/etc/systemd/journald.conf", "[Journal]\n#Storage=auto\n")
    assert "Storage=volatile" in found_on(pi)[1].remedy
    pi.put("/etc/systemd/journald.conf.d/place.conf", "[Journal]\nStorage=volatile\n")
    assert "Storage=volatile" not in found_on(pi)[1].remedy


def test_swap_that_is_there_and_not_used_or_elsewhere_wears_nothing(pi: TalkingMachine) -> None:
    pi.put("/proc/swaps", "Filename Type Size Used Priority\n/var/swap file 524284 0 -2\n/dev/sda2 partition 9 9 -3\n")
    assert statuses(found_on(pi)) == ["unknown", "pass"]
    pi.put("/proc/swaps", "Filename Type Size Used Priority\n/dev/mmcblk0p2 partition 524284 900 -2\n")
    assert statuses(found_on(pi)) == ["unknown", "pass", "warn"]


def test_just_after_the_start_a_figure_a_day_is_not_known(pi: TalkingMachine) -> None:
    pi.put("/proc/uptime", "600.00 0\n")
    assert "10 min" in found_on(pi)[1].text
    assert statuses(found_on(pi)) == ["unknown", "unknown"]
    pi.put(f"{DISK}/stat", "1 2 3\n")
    assert found_on(pi)[1].status == "unknown"


def test_a_file_system_that_can_only_be_read_is_a_failure(pi: TalkingMachine) -> None:
    pi.put("/proc/self/mountinfo", ROOT_MOUNT.replace("mmcblk0p2 rw", "mmcblk0p2 ro"))
    found = found_on(pi)[0]
    assert (found.status, "can only be read" in found.text, "new card" in found.remedy) == ("fail", True, True)


def test_errors_of_the_file_system_are_told_with_the_day_of_the_last(pi: TalkingMachine) -> None:
    pi.put("/sys/fs/ext4/mmcblk0p2/errors_count", "3\n")
    pi.put("/sys/fs/ext4/mmcblk0p2/last_error_time", "1795600000\n")
    found = found_on(pi)[0]
    assert (found.status, "3 errors" in found.text, "2026-11-25" in found.text) == ("warn", True, True)


@pytest.mark.parametrize(
    ("mount", "status", "words"),
    [
        ("23 1 0:40 / / rw - tmpfs tmpfs rw\n", "fail", "gone with the next start"),
        ("23 1 0:41 / / rw - overlay overlay rw,upperdir=/media/root-rw\n", "unknown", "overlay"),
        ("23 1 0:42 / / rw - nfs4 nas:/pi rw\n", "unknown", "nas:/pi (nfs4)"),
        ("", "unknown", "the kernel does not say"),
    ],
)
def test_what_is_no_disk_of_this_machine_is_told_in_its_own_way(
    pi: TalkingMachine, mount: str, status: str, words: str
) -> None:
    pi.put("/proc/self/mountinfo", mount)
    (found,) = found_on(pi)
    assert (found.status, words in found.text) == (status, True)


def test_another_kind_of_disk_is_asked_by_its_own_program_also_below_an_encrypted_one(pi: TalkingMachine) -> None:
    disk = "/sys/devices/pci0000:00/nvme/nvme0/nvme0n1"
    pi.put(f"{disk}/stat", stat_of(50))
    pi.put(f"{disk}/size", "62333952\n")
    pi.put(f"{disk}/nvme0n1p1/partition", "1\n")
    slaves = pi.at("/sys/devices/virtual/block/dm-0/slaves")
    slaves.mkdir(parents=True)
    (slaves / "nvme0n1p1").symlink_to(pi.at(f"{disk}/nvme0n1p1"))
    pi.at("/sys/dev/block/254:0").symlink_to("../../devices/virtual/block/dm-0")
    pi.put("/proc/self/mountinfo", "23 1 254:0 / / rw - btrfs /dev/mapper/root rw\n")
    wear, written = found_on(pi)
    assert (wear.status, "smartctl -a /dev/nvme0n1" in wear.remedy) == ("unknown", True)
    assert (written.status, "50.0 GB a day" in written.text) == ("pass", True)


def test_the_mount_of_a_path_is_the_deepest_above_it_and_of_two_the_later() -> None:
    table = (
        "1 0 179:2 / / rw - ext4 /dev/mmcblk0p2 rw\n"
        "2 1 0:30 / /var/lib/vigie\\040x rw - tmpfs a rw\n"
        "3 1 0:31 / /var/lib rw shared:1 master:2 - tmpfs b rw\n"
        "4 1 0:32 / /var/lib ro - tmpfs c rw\n"
    )
    mounts = mounts_of(table)
    places = ("/var/lib/vigie", "/var/lib/vigie x/y", "/var/library", "/var/lib")
    assert [getattr(mount_at(path, mounts), "device", None) for path in places] == ["0:32", "0:30", "179:2", "0:32"]
    assert mounts[3].is_read_only
    assert mount_at("/", []) is None


@given(table=st.text(), path=st.text(min_size=1))
def test_any_table_gives_a_mount_or_none(table: str, path: str) -> None:
    mount_at(f"/{path}", mounts_of(table))


def test_this_very_machine_is_told_without_a_fault(tmp_path: Path) -> None:
    assert card_findings(Machine(), tmp_path, 10.0)
