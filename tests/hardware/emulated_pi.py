"""An emulated arm64 computer that believes it is a Raspberry Pi, whose pins are driven from outside, runs our sensors.

QEMU's machine ``virt`` has a GPIO chip of eight lines (PL061), and lets whoever tests it set them (``-qtest``). A Pi's
revision is put into its device tree: from there on all is as on a Pi, the kernel's GPIO lines, lgpio and gpiozero,
none of it replaced. Its network reaches this machine's loopback at 10.0.2.2. Everything is interpreted, so that it is
slow: Python alone takes seconds to start.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.hardware.machine_parts import PYTHON, ROOT, PartsError, run

HOST = "10.0.2.2"
"""This machine's loopback, as seen from inside."""
REVISION = 0xA02082
"""A Raspberry Pi 3B: gpiozero takes the numbers of its pins, and its chip 0."""
REGISTERS = 0x0903_0000
"""Of the PL061 (QEMU's hw/arm/virt.c)."""
PENDING = REGISTERS + 0x414
"""Lines whose edge the kernel has not taken yet (ARM DDI 0190, GPIORIS)."""
PATIENCE_S = 120.0
"""For a start or an answer; lower fails on a machine that does much else."""

MODULES = ("virtio", "virtio_ring", "virtio_mmio", "failover", "net_failover", "virtio_net")
"""Of its network card, in the order in which they need each other."""
IGNORED = ("gconv", "__pycache__", "test", "unittest", "pydoc_data", "idlelib", "lib2to3", "ensurepip", "share", "boot")
INIT = f"""\
#!/bin/busybox sh
b=/bin/busybox
for each in dev:devtmpfs proc:proc sys:sysfs tmp:tmpfs run:tmpfs; do
  $b mount -t "${{each#*:}}" none "/${{each%:*}}"
done
for module in {" ".join(MODULES)}; do
  $b insmod "/lib/modules/$module.ko"
done
$b ip link set lo up
$b ip addr add 10.0.2.15/24 dev eth0
$b ip link set eth0 up
export PATH=/usr/bin:/bin LC_ALL=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONPATH=/opt/vigie:/opt/wheels HOME=/tmp
$b mount -t debugfs none /sys/kernel/debug
while $b sleep 1; do # whose the lines are, whenever that changes
  held=$($b grep 'gpio-.*|' /sys/kernel/debug/gpio)
  [ "$held" = "$told" ] || echo "$held"
  told=$held
done &
python{PYTHON} -m vigie_sensors run --config /etc/vigie/sensors.toml
echo "vigie-sensors ended with $?"
$b poweroff -f
"""


class EmulatedPi:
    """One that runs ``vigie-sensors`` on a configuration from the moment it is switched on."""

    def __init__(self, parts: Path, folder: Path, configuration: str, password: str) -> None:
        """Put it together.

        Args:
            parts: What ``machine_parts.parts`` fetched.
            folder: For its memory and its log.
            configuration: Its sensors.toml, which names /etc/vigie/password and /var/lib/vigie.
            password: Of its broker.

        Raises:
            PartsError: The emulator does not start here.
        """
        self._emulator = parts / "emulator"
        self._folder = folder
        self._log = folder / "console.log"
        (self._kernel,) = (parts / "guest" / "boot").glob("vmlinuz-*")
        self._tree = folder / "tree.dtb"
        self._memory = folder / "memory.cpio"
        self._environment = {**os.environ, "LD_LIBRARY_PATH": self._libraries()}
        own = {"etc/vigie/sensors.toml": configuration, "etc/vigie/password": password, "init": INIT}
        with self._memory.open("wb") as memory:
            memory.writelines(_archive(_guest_files(parts), own))
        self._describe()

    def _libraries(self) -> str:
        return ":".join(
            str(each) for part in ("lib", "usr/lib") for each in (self._emulator / part).glob("*-linux-gnu")
        )

    def _command(self, machine: str) -> list[str]:
        program, data = self._emulator / "usr/bin/qemu-system-aarch64", self._emulator / "usr/share/qemu"
        command = [str(program), "-L", str(data), "-machine", machine, "-accel", "tcg", "-cpu", "cortex-a53"]
        command += ["-m", "512", "-nodefaults", "-display", "none", "-no-reboot"]
        return [*command, "-netdev", "user,id=lan", "-device", "virtio-net-device,netdev=lan"]

    def _describe(self) -> None:
        """Its device tree, with the one line more that makes it a Pi."""
        library = f"LD_LIBRARY_PATH={self._libraries()}"
        run(["env", library, *self._command(f"virt,dumpdtb={self._tree}")])
        put = self._emulator / "usr/bin/fdtput"
        run(["env", library, put, "-p", "-t", "x", self._tree, "/system", "linux,revision", f"{REVISION:x}"])

    def __enter__(self) -> Self:
        command = [*self._command("virt"), "-kernel", str(self._kernel), "-initrd", str(self._memory)]
        command += ["-dtb", str(self._tree), "-append", "console=ttyAMA0 panic=-1 quiet"]
        command += ["-serial", f"file:{self._log}"]
        for name in ("qtest", "qmp"):
            command += [f"-{name}", f"unix:{self._folder / name},server=on,wait=off"]
        command += ["-qtest-log", "/dev/null"]
        self._process = subprocess.Popen(
            ["nice", *command], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self._environment
        )
        self._tester, self._monitor = self._socket("qtest"), self._socket("qmp")
        self._chip = self._find_chip()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for connection in (self._tester, self._monitor):
            connection.close()
        self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _socket(self, name: str) -> Any:
        """A line-by-line connection to one of its two interfaces."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE_S)
            try:
                connection.connect(str(self._folder / name))
            except OSError:
                connection.close()
                time.sleep(0.05)
            else:
                stream = connection.makefile("rw", encoding="ascii", newline="\n")
                connection.close()  # the stream keeps it open
                return stream
        self._process.kill()
        said = self._process.communicate()[1] or b""
        raise PartsError(f"the emulator did not start: {said.decode(errors='replace')[-500:]}")

    def _find_chip(self) -> str:
        """The GPIO chip's place among the machine's devices: it has no name of its own."""
        self._monitor.readline()
        self._order("qmp_capabilities")
        devices = self._order("qom-list", path="/machine/unattached")
        (chip,) = (device["name"] for device in devices if device["type"] == "child<pl061>")
        return f"/machine/unattached/{chip}"

    def _order(self, name: str, **arguments: str) -> Any:
        self._monitor.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self._monitor.flush()
        while "return" not in (answer := json.loads(self._monitor.readline())):
            if "error" in answer:
                raise PartsError(f"{name}: {answer['error']}")
        return answer["return"]

    def _test(self, command: str) -> str:
        self._tester.write(f"{command}\n")
        self._tester.flush()
        answer: str = self._tester.readline().strip()
        assert answer.startswith("OK"), f"{command}: {answer}"
        return answer.removeprefix("OK").strip()

    def drive(self, pin: int, is_high: bool) -> None:
        """Put a voltage on a pin, and wait until its kernel has taken the edge, where it listens for one.

        Two edges are so never one to it, however slow it is.
        """
        self._test(f"set_irq_in {self._chip} unnamed-gpio-in {pin} {int(is_high)}")
        deadline = time.monotonic() + PATIENCE_S
        while int(self._test(f"readl {PENDING:#x}"), 0) & (1 << pin):
            assert time.monotonic() < deadline, f"nobody took the edge of GPIO{pin}: {self.said()}"
            time.sleep(0.002)

    def runs(self) -> bool:
        """False once it has switched itself off: the daemon has ended."""
        return self._process.poll() is None

    def said(self) -> str:
        """The end of what it wrote on its console."""
        return self._log.read_text(errors="replace")[-3_000:] if self._log.exists() else ""


def _guest_files(parts: Path) -> Iterator[tuple[str, Path]]:
    """Each file of the machine by its path there: Debian's, the wheels, the modules of its network, our own."""
    guest = parts / "guest"
    (modules,) = (guest / "lib" / "modules").iterdir()
    for name in MODULES:
        (module,) = modules.rglob(f"{name}.ko")
        yield f"lib/modules/{name}.ko", module
    kinds = {
        guest: "",
        parts / "wheels": "opt/wheels/",
        ROOT / "contract": "opt/vigie/",
        ROOT / "sensors": "opt/vigie/",
    }
    for tree, prefix in kinds.items():
        for folder, folders, files in os.walk(tree):
            folders[:] = sorted(name for name in folders if name not in IGNORED and name != "modules")
            for name in sorted(files):
                path = Path(folder) / name
                yield f"{prefix}{path.relative_to(tree)}", path


def _archive(files: Iterator[tuple[str, Path]], own: dict[str, str]) -> Iterator[bytes]:
    """A cpio archive (kernel.org: driver-api/early-userspace/buffer-format), of which the kernel makes its first disk.

    Args:
        files: Path there, path here; links stay links.
        own: The text of further files; all may be run.
    """
    folders: set[str] = set()
    number = iter(range(1, 1_000_000))

    def above(path: str) -> Iterator[bytes]:
        for folder in reversed([str(each) for each in Path(path).parents][:-1]):
            if folder not in folders:
                folders.add(folder)
                yield _entry(next(number), folder, 0o040755)

    for folder in ("dev", "proc", "sys", "tmp", "run", "var/lib/vigie"):
        yield from above(f"{folder}/what is mounted")
    yield _entry(next(number), "dev/console", 0o020600, device=(5, 1))
    for name, path in files:
        yield from above(name)
        if path.is_symlink():
            yield _entry(next(number), name, 0o120777, os.fsencode(path.readlink()))
        else:
            yield _entry(next(number), name, 0o100000 | path.stat().st_mode & 0o777, path.read_bytes())
    for name, text in own.items():
        yield from above(name)
        yield _entry(next(number), name, 0o100700, text.encode())
    yield _entry(0, "TRAILER!!!", 0)


def _entry(number: int, name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)) -> bytes:
    encoded = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
    return head.ljust(-(-len(head) // 4) * 4, b"\0") + content.ljust(-(-len(content) // 4) * 4, b"\0")
