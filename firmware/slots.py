"""Which of two copies of the program starts, ``a`` or ``b``: the one that is known to be good, or one on trial.

Lies beside ``main.py`` on the flash and is never updated over the air, so that whatever an update or a power cut
leaves, this still runs. Called by ``main.py`` before anything else, and by ``vigie_node.update``.

    slot      the copy that a gateway has heard of; ``a`` where the file is missing
    trial     the copy to try and how often it was started: ``b 1``
    refused   the version that was tried in vain

Each of them is replaced whole, by a rename, which littlefs does or does not: there is nothing between.
"""

import os

SLOTS = ("a", "b")
STARTS = 3
"""A copy on trial is started so often before it is given up. Lower gives up what only the supply cut short; higher
leaves a place for longer without a node that does not run."""


def read(path: str) -> str:
    """What the file says; empty where there is none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def replace(path: str, text: str) -> None:
    """Whole, or not at all."""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def forget(path: str) -> None:
    """No such file any more."""
    try:
        os.remove(path)
    except OSError:
        pass


def good(folder: str) -> str:
    """The copy that is known to run."""
    found = read(folder + "/slot")
    return found if found in SLOTS else SLOTS[0]


def trial(folder: str) -> tuple[str, int]:
    """The copy on trial and its starts; ("", 0) where there is none."""
    slot, _, starts = read(folder + "/trial").partition(" ")
    return (slot, int(starts)) if slot in SLOTS and starts.isdigit() else ("", 0)


def choose(folder: str) -> str:
    """The copy to start now; counts the start of one on trial, and gives up one that was started in vain."""
    slot, starts = trial(folder)
    if slot == good(folder):
        forget(folder + "/trial")  # the power went between the two steps of `confirm`
        return slot
    if not slot:
        return good(folder)
    if starts < STARTS:
        replace(folder + "/trial", slot + " " + str(starts + 1))
        return slot
    refuse(folder)
    return good(folder)


def propose(folder: str, slot: str) -> None:
    """Try that copy at the next start: every file of it is there and was read back."""
    replace(folder + "/trial", slot + " 0")


def refuse(folder: str) -> None:
    """Give up the copy on trial, and remember of which version it is, so that it is not fetched again."""
    slot, _ = trial(folder)
    if slot:
        replace(folder + "/refused", read(folder + "/" + slot + "/version"))
    forget(folder + "/trial")


def confirm(folder: str) -> None:
    """The copy on trial is good: a gateway has stored what it sent."""
    slot, starts = trial(folder)
    if slot and starts:
        replace(folder + "/slot", slot)
        forget(folder + "/trial")
