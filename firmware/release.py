"""Writes a version of the node's program as nodes fetch it: ``python3 firmware/release.py FOLDER``. On a computer.

FOLDER then holds ``firmware/manifest.json`` and the files below ``firmware/VERSION/``; whatever serves it over TLS with
a certificate of the place's authority will do. The manifest comes last: who asks meanwhile gets the version before.
"""

import hashlib
import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from vigie_node import VERSION


def files_of(source: str) -> list[str]:
    """What a node needs of ``source``, below it: not what only tests use."""
    found = []
    for folder, _, names in os.walk(os.path.join(source, "vigie_node")):
        for name in names:
            if name.endswith(".py") and name != "unix.py":
                found += [os.path.relpath(os.path.join(folder, name), source).replace(os.sep, "/")]
    return sorted(found)


def release(source: str, folder: str, version: str) -> dict[str, object]:
    """Write it below ``folder``; the manifest."""
    digests = {}
    for path in files_of(source):
        target = os.path.join(folder, "firmware", version, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(os.path.join(source, path), target)
        with open(target, "rb") as file:
            digests[path] = hashlib.sha256(file.read()).hexdigest()
    manifest: dict[str, object] = {"version": version, "files": digests}
    path = os.path.join(folder, "firmware", "manifest.json")
    with open(path + ".new", "w") as file:
        json.dump(manifest, file, indent=1)
    os.replace(path + ".new", path)
    return manifest


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python3 firmware/release.py FOLDER")
    release(HERE, sys.argv[1], VERSION)
    print("version " + VERSION + " is in " + sys.argv[1] + "/firmware")
