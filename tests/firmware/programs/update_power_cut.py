"""An update on a real littlefs whose power is cut at every single write to the flash, one after the other.

Arguments: the firmware's folder. After each cut the flash is mounted anew and started as a board starts, again and
again; prints, as JSON, how many cuts there were, and what was found amiss.
"""

import hashlib
import json
import os
import sys
from binascii import hexlify

sys.path.insert(0, sys.argv[1])

import slots
from vigie_node.update import Copy, Manifest

BLOCK, BLOCKS = 512, 96
OLD = {"vigie_node/__init__.py": b"VERSION = '1'\n", "vigie_node/node.py": b"x = 1\n" * 150}
NEW = {
    "vigie_node/__init__.py": b"VERSION = '2'\n",
    "vigie_node/node.py": b"x = 2\n" * 200,
    "vigie_node/more.py": b"y = 1\n",
}


class PowerCutError(Exception):
    """The supply went."""


class Flash:
    """Blocks that are written until the power goes, the last of them by half."""

    def __init__(self, content):
        self.content = bytearray(content)
        self.left = None

    def readblocks(self, number, into, offset=0):
        at = number * BLOCK + offset
        into[:] = self.content[at : at + len(into)]

    def writeblocks(self, number, data, offset=0):
        at = number * BLOCK + offset
        if self._goes():
            half = len(data) // 2
            self.content[at : at + half] = data[:half]
            raise PowerCutError
        self.content[at : at + len(data)] = data

    def ioctl(self, what, argument):
        if what == 4:
            return BLOCKS
        if what == 5:
            return BLOCK
        if what == 6:
            if self._goes():
                raise PowerCutError
            at = argument * BLOCK
            self.content[at : at + BLOCK] = b"\xff" * BLOCK
        return 0

    def _goes(self):
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0


def manifest():
    files = {path: hexlify(hashlib.sha256(data).digest()).decode() for path, data in NEW.items()}
    return Manifest(json.dumps({"version": "2", "files": files}))


def holds(slot, files):
    """Whether every file of a version is there, whole."""
    try:
        for path, data in files.items():
            with open("/flash/" + slot + "/" + path, "rb") as file:
                if file.read() != data:
                    return False
    except OSError:
        return False
    return True


def install():
    copy = Copy("/flash", slots.good("/flash"), manifest())
    for path in list(copy.missing):
        copy.add(path, lambda write: write(NEW[path]))
    copy.propose()


def started():
    """What one start runs: 1 or 2, or 0 for a copy that is not whole; a start of the new one is heard by a gateway."""
    slot = slots.choose("/flash")
    if holds(slot, NEW):
        slots.confirm("/flash")
        return 2
    return 1 if holds(slot, OLD) else 0


def mounted(content, cut=None):
    flash = Flash(content)
    flash.left = cut
    os.mount(flash, "/flash")
    return flash


def life():
    """All of it: the update, the first start of what is new, and the word of the gateway."""
    install()
    started()


first = Flash(b"\xff" * (BLOCK * BLOCKS))
os.VfsLfs2.mkfs(first)
os.mount(first, "/flash")
for path, data in OLD.items():
    for folder in ("/flash/a", "/flash/a/vigie_node"):
        try:
            os.mkdir(folder)
        except OSError:
            pass
    with open("/flash/a/" + path, "wb") as file:
        file.write(data)
os.umount("/flash")
content = bytes(first.content)

cuts, bad, ends = 0, [], []
while True:
    flash = mounted(content, cuts)
    try:
        life()
        is_over = True
    except (PowerCutError, OSError):
        is_over = False
    flash.left = None
    os.umount("/flash")
    after = mounted(flash.content)
    runs = started()
    ends.append(runs)
    if runs == 0:
        bad.append("cut %d: starts what is not whole" % cuts)
    # Whatever the cut left, the update can be had after it.
    if runs == 1:
        install()
        if started() != 2 or slots.good("/flash") != "b" or slots.trial("/flash")[0]:
            bad.append("cut %d: the update cannot be had any more" % cuts)
    if started() != 2 or slots.choose("/flash") != "b" or slots.trial("/flash")[0]:
        bad.append("cut %d: the trial never ends" % cuts)
    os.umount("/flash")
    if is_over:
        break
    cuts += 1
print(json.dumps({"cuts": cuts, "bad": bad, "old": ends.count(1), "new": ends.count(2)}))
