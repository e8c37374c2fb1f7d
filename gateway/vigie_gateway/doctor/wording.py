"""Findings as a person reads them, and as a program does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from vigie_gateway.doctor.findings import PARTS, Finding

_MARKS = {"pass": "ok  ", "unknown": "?   ", "warn": "WARN", "fail": "FAIL"}


def worst(findings: Sequence[Finding]) -> str:
    """The worst status of all: ``fail`` before ``warn`` before ``unknown`` before ``pass``."""
    return max((finding.status for finding in findings), key=list(_MARKS).index, default="pass")


def as_text(findings: Sequence[Finding]) -> str:
    """Grouped by part, in the order of PARTS; what is wrong with its remedy below it; a sum at the end."""
    lines = []
    for part, heading in PARTS.items():
        of_part = [finding for finding in findings if finding.part == part]
        if not of_part:
            continue
        lines.append(heading)
        for finding in of_part:
            lines.append(f"  {_MARKS[finding.status]}  {finding.text}")
            if finding.remedy and finding.status != "pass":
                lines.append(f"        → {finding.remedy}")
        lines.append("")
    lines.append(_sum(findings))
    return "\n".join(lines)


def _sum(findings: Sequence[Finding]) -> str:
    failing, warned, unknown = (
        sum(finding.status == status for finding in findings) for status in ("fail", "warn", "unknown")
    )
    said = f"{failing} wrong, {warned} to look at" if failing or warned else "Nothing is wrong"
    return f"{said}, {unknown} not known" if unknown else said if failing or warned else f"{said}."


def as_json(findings: Sequence[Finding]) -> str:
    """One document: the worst status, and every finding in order."""
    document = {"status": worst(findings), "findings": [dataclasses.asdict(finding) for finding in findings]}
    return json.dumps(document, ensure_ascii=False, indent=2)
