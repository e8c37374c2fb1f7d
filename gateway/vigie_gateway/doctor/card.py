"""How worn the card is that the readings are on, what wears it, and whether its file system met errors.

Called by ``checks`` on a thread of the doctor. An SD card tells nothing of its wear: that is said, since it is no sign
of health. Whether it takes a write and has room is ``storage``'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from vigie_gateway.doctor.disks import Disk, Mount, disk_of, mount_of
from vigie_gateway.doctor.findings import AS_ROOT, Finding, Status
from vigie_gateway.install.machine import Machine

PART = "card"
WHOLE_IN_DAYS = 10.0
"""A card whose whole size is written in fewer days is told of. A rule of thumb: a cell of a cheap card bears some 500
erasures, and small writes cost ten for one, so that such a card lasts a year and a half. Lower tells too late to change
it in time; higher warns of an ordinary desktop."""
SHORT_COMMIT_S = 5.0
"""Commits more often than that are named among what wears the card; the default is twice that."""
SOON_S = 3_600.0
"""Uptime from which on a figure a day is worth saying. Lower takes the start itself for a day's habit."""
_SECTOR_BYTES = 512
"""Of the kernel's count, whatever the disk's own is (Documentation/block/stat.rst)."""
_GB, _DAY_S = 1e9, 86_400.0
_MOVE = "make a backup now and move to a new card: docs/operations.md, Moving to a new card"


def card_findings(machine: Machine, folder: Path, commit_interval_s: float) -> list[Finding]:
    """What is to be said of the disk below the database's folder."""
    try:
        mount = mount_of(str(folder), machine)
        if mount is None:
            text = f"which disk {folder} is on is not known: the kernel does not say"
            return [Finding(PART, "unknown", text, f"findmnt -T {folder}")]
        disk = disk_of(mount.device, machine)
        found = list(_file_system(mount, folder, machine))
        if disk is None:
            return [*found, _no_disk(mount, folder)]
        return [*found, *_wear(disk), *_writing(disk, mount, machine, commit_interval_s)]
    except PermissionError as error:
        return [Finding(PART, "unknown", f"{error.filename} may not be read by this user: not looked at", AS_ROOT)]


def _no_disk(mount: Mount, folder: Path) -> Finding:
    if mount.kind in {"tmpfs", "ramfs"}:
        text = f"{folder} is in memory ({mount.kind} on {mount.point}): every reading is gone with the next start"
        return Finding(PART, "fail", text, "name a folder on a disk in [store] path of gateway.toml")
    if mount.kind == "overlay":
        text = f"{folder} is on an overlay on {mount.point}: whether it outlives a restart is not known"
        remedy = "sudo raspi-config, Performance, Overlay File System: off; or a disk of its own for [store] path"
        return Finding(PART, "unknown", text, remedy)
    text = f"{folder} is on {mount.source} ({mount.kind}): how worn that is, this machine does not know"
    return Finding(PART, "unknown", text, "look where that disk is")


def _file_system(mount: Mount, folder: Path, machine: Machine) -> Iterator[Finding]:
    if mount.is_read_only:
        text = f"{mount.point}, where {folder} is, can only be read: nothing is stored"
        remedy = f"sudo dmesg says why; a card that went read-only is worn out: {_MOVE}"
        yield Finding(PART, "fail", text, remedy)
    if mount.kind != "ext4":
        return
    link = machine.at(f"/sys/dev/block/{mount.device}")
    errors = machine.at(f"/sys/fs/ext4/{link.resolve().name}")
    count = _number(errors / "errors_count")
    if not count:
        return
    last_ts = _number(errors / "last_error_time")
    when = f", last on {datetime.fromtimestamp(last_ts, UTC):%Y-%m-%d}" if last_ts else ""
    text = f"the file system on {mount.point} met {count} errors since it was last repaired{when}"
    remedy = "make a backup now; then have it checked at the next start: fsck.mode=force in /boot/firmware/cmdline.txt"
    yield Finding(PART, "warn", text, f"{remedy}; where they come again: {_MOVE}")


def _wear(disk: Disk) -> Iterator[Finding]:
    if not disk.is_card:
        text = f"/dev/{disk.name} is no card: how worn it is, is its own program's to tell"
        remedy = f"sudo apt-get install -y smartmontools && sudo smartctl -a /dev/{disk.name}"
        yield Finding(PART, "unknown", text, remedy)
        return
    device = disk.folder / "device"
    kind, model = _text(device / "type") or "card", _text(device / "name") or "without a name"
    lives = re.findall(r"0x([0-9a-fA-F]{2})\b", _text(device / "life_time") or "")
    spare = _number(device / "pre_eol_info")
    tenths = max((int(life, 16) for life in lives), default=0)
    if not tenths and not spare:
        text = f"the {kind} card {model} (/dev/{disk.name}) does not tell how worn it is: it may end without a word"
        remedy = "keep copies on another machine (docs/store.md, Backup), and change the card every few years"
        yield Finding(PART, "unknown", text, remedy)
    else:
        yield judge_wear(tenths, spare or 0, f"the {kind} {model} (/dev/{disk.name})")


def judge_wear(tenths: int, spare: int, what: str) -> Finding:
    """What an eMMC says of itself (JEDEC JESD84-B51, DEVICE_LIFE_TIME_EST and PRE_EOL_INFO).

    Args:
        tenths: Of its life that are used up, rounded up; 11 is more than all, 0 not told.
        spare: 1 most blocks in reserve are left, 2 a fifth of them, 3 a tenth; 0 not told.
        what: Which one.
    """
    used = f"{(tenths - 1) * 10} to {tenths * 10} % of its life is used" if 0 < tenths <= 10 else ""  # noqa: PLR2004
    if tenths > 10:  # noqa: PLR2004 - all of it
        used = "its whole expected life is used up"
    reserve = {2: "a fifth of its reserve is left", 3: "hardly any reserve is left"}.get(spare, "")
    status: Status = "pass"
    if tenths > 10 or spare >= 3:  # noqa: PLR2004
        status = "fail"
    elif tenths > 8 or spare == 2:  # noqa: PLR2004 - from 80 % on
        status = "warn"
    text = f"{what}: {', '.join(part for part in (used, reserve) if part) or 'its reserve is whole'}"
    return Finding(PART, status, text, "" if status == "pass" else _MOVE)


def _writing(disk: Disk, mount: Mount, machine: Machine, commit_interval_s: float) -> Iterator[Finding]:
    """How much is written to it, and by what beside Vigie."""
    swaps = list(_swaps_on(disk, machine))
    causes = [f"swap {name} (free memory, or use zram)" for name, used_kb in swaps if used_kb]
    if _has_log_on_disk(machine):
        causes.append("the system's journal (Storage=volatile in /etc/systemd/journald.conf)")
    if commit_interval_s < SHORT_COMMIT_S:
        causes.append(f"[store] commit_interval_s = {commit_interval_s:g} in gateway.toml (10 wears less)")
    if not any(option.startswith("commit=") for option in mount.options):
        causes.append("the file system's own rhythm of 5 s (commit=60 in /etc/fstab)")
    yield _written(disk, machine, commit_interval_s, causes)
    for name, used_kb in swaps if disk.is_card else ():
        if used_kb:
            text = f"swap {name} is on the card, and {used_kb / 1000:.0f} MB of it are used: that wears it"
            yield Finding(
                PART, "warn", text, "free memory; on Raspberry Pi OS: sudo systemctl disable --now dphys-swapfile"
            )


def _written(disk: Disk, machine: Machine, commit_interval_s: float, causes: list[str]) -> Finding:
    fields = (_text(disk.folder / "stat") or "").split()
    uptime = (_text(machine.at("/proc/uptime")) or "").split()
    sectors = _number(disk.folder / "size")
    try:
        written_bytes, up_s = int(fields[6]) * _SECTOR_BYTES, float(uptime[0])
    except (IndexError, ValueError):
        text = f"how much is written to /dev/{disk.name} is not known: the kernel does not say"
        return Finding(PART, "unknown", text, f"cat /sys/block/{disk.name}/stat")
    if up_s < SOON_S:
        text = (
            f"how much is written to /dev/{disk.name} a day is not known yet: the machine runs for {up_s / 60:.0f} min"
        )
        return Finding(PART, "unknown", text, "ask again in an hour")
    a_day = written_bytes / up_s * _DAY_S
    text = f"{a_day / _GB:.1f} GB a day are written to /dev/{disk.name}, with commits every {commit_interval_s:g} s"
    size = (sectors or 0) * _SECTOR_BYTES
    if disk.is_card and size and a_day * WHOLE_IN_DAYS > size:
        text += f": the whole of its {size / _GB:.0f} GB in {size / a_day:.1f} days"
        remedy = "sudo apt-get install -y iotop && sudo iotop -ao says which program writes"
        return Finding(PART, "warn", text, "; ".join([remedy, *causes]))
    return Finding(PART, "pass", text)


def _swaps_on(disk: Disk, machine: Machine) -> Iterator[tuple[str, int]]:
    """Swap on that disk: its path, and how much is used in kB."""
    for line in (_text(machine.at("/proc/swaps")) or "").splitlines()[1:]:
        name, kind, _, used, *_ = [*line.split(), "", "", "", ""]
        if kind == "partition":
            is_here = (disk.folder / Path(name).name).is_dir()
        else:
            mount = mount_of(name, machine)
            found = None if mount is None else disk_of(mount.device, machine)
            is_here = found is not None and found.name == disk.name
        if is_here and used.isdecimal():
            yield name, int(used)


def _has_log_on_disk(machine: Machine) -> bool:
    """Whether the journal is written to a disk (journald.conf(5), Storage); log2ram keeps it in memory."""
    mount = mount_of("/var/log", machine)
    if mount is not None and mount.kind in {"tmpfs", "ramfs"}:
        return False
    main = machine.at("/etc/systemd/journald.conf")
    told = "auto"
    for path in (main, *sorted(machine.at("/etc/systemd/journald.conf.d").glob("*.conf"))):
        said = re.findall(r"^\s*Storage\s*=\s*(\w+)", _text(path) or "", re.MULTILINE)
        told = said[-1] if said else told
    return told == "persistent" or (told == "auto" and machine.at("/var/log/journal").is_dir())


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except PermissionError:
        raise
    except OSError:
        return None  # another kernel, another disk


def _number(path: Path) -> int | None:
    text = _text(path) or ""
    try:
        return int(text, 0)
    except ValueError:
        return None
