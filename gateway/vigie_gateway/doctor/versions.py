"""Whether what runs is what is installed, and whether nodes are newer than their gateway.

Called by ``checks`` with what the running gateway says of itself. Gateways are upgraded before nodes: a newer node may
tell of what an older gateway does not know, which is then refused (docs/protocol.md, Versions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vigie_contract import PROTOCOL_VERSION
from vigie_gateway.doctor.findings import Finding
from vigie_gateway.doctor.running import Report

PART = "programs"
OF_THIS_WHEEL = "vigie-sensors"
"""What a node of the same release calls itself; firmware and others count their own versions."""


def version_findings(report: Report, installed: str) -> list[Finding]:
    """What is to be said of the versions.

    Args:
        report: Of the gateway that runs.
        installed: The version that this doctor is of.
    """
    running = str(report.get("version"))
    if running != installed:
        text = f"the gateway that runs is of version {running}, but {installed} is installed"
        return [Finding(PART, "warn", text, "sudo systemctl restart vigie-gateway")]
    found = list(_nodes(report, installed))
    text = f"the gateway that runs is of version {installed}, and speaks vigie/{PROTOCOL_VERSION}/ with its nodes"
    return [Finding(PART, "pass", text), *found]


def _nodes(report: Report, installed: str) -> Iterator[Finding]:
    nodes = (report["parts"].get("nodes") or {}).get("by_id") or {}
    ours = _parts(installed)
    for name, node in sorted(nodes.items()):
        software = str(node.get("software") or "")
        program, _, version = software.partition(" ")
        theirs = _parts(version)
        if program != OF_THIS_WHEEL or theirs is None or ours is None or theirs == ours:
            continue
        if theirs > ours:
            text = f"node {name} runs {software}, newer than this gateway ({installed}): what is new may be refused"
            yield Finding(PART, "warn", text, "upgrade the gateway: docs/operations.md, Upgrade")
        else:
            text = f"node {name} runs {software}, older than this gateway ({installed}), which understands it"
            yield Finding(PART, "pass", text)


def _parts(version: str) -> tuple[int, ...] | None:
    """Numbers to compare; None for what is no version."""
    match = re.match(r"(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in match[1].split(".")) if match else None
