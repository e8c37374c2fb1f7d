"""Whether certificates let nodes and browsers in, their keys are secret, and nodes' rights are of this site.

Called by ``checks``. Looks at what the broker's configuration and gateway.toml name, and at the place's authority
where it is.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from vigie_gateway.certificates import authority, kept
from vigie_gateway.certificates.authority import CertificateError, Facts, Pair
from vigie_gateway.doctor.broker_file import BrokerFile
from vigie_gateway.doctor.findings import AS_ROOT, Finding
from vigie_gateway.nodes.rights import sites_of
from vigie_gateway.settings import HttpSettings

PART = "certificates"
SOON_DAYS = 30
"""Days before its end when a certificate is told of. Lower leaves no time to renew one by hand."""
_REMEDY = "sudo /opt/vigie/bin/vigie-gateway certificates"
_DAY_S = 86_400.0


def judge(facts: Facts, now_ts: float, where: str, *, is_for_nodes: bool) -> Iterator[Finding]:
    """What is wrong with a certificate's dates."""
    remedy = _REMEDY if is_for_nodes else f"{_REMEDY} --https, or renew it where it comes from"
    days = (facts.until_ts - now_ts) / _DAY_S
    if days < 0:
        yield Finding(PART, "fail", f"{where} ended {-days:.0f} days ago: it is trusted by nobody", remedy)
    elif days < SOON_DAYS:
        yield Finding(PART, "warn", f"{where} ends in {days:.0f} days", remedy)
    if facts.from_ts > now_ts:
        begins = (facts.from_ts - now_ts) / _DAY_S
        text = f"{where} begins to hold in {begins:.0f} days: this machine's clock is wrong, or it was when it was made"
        yield Finding(PART, "fail", text, f"look at the clock first; then {_REMEDY}")
    elif is_for_nodes and facts.from_ts > authority.FIRST_AT.timestamp():
        text = f"{where} does not hold since 2000: a node that starts without a clock refuses it, and is not heard"
        yield Finding(PART, "warn", text, f"take one of the place's own authority: {_REMEDY}")


def broker_findings(file: BrokerFile, authority_folder: Path, now_ts: float) -> list[Finding]:
    """The certificates of the broker's listeners, and the authority."""
    found: list[Finding] = []
    for listener in file.listeners:
        if "certfile" in listener.own and "keyfile" in listener.own:
            certificate, key = (Path(listener.own[name].value) for name in ("certfile", "keyfile"))
            found += _looked_at(certificate, key, now_ts, is_for_nodes=True, authority_folder=authority_folder)
    return found + list(_authority_key(authority_folder))


def page_findings(certificate: Path, key: Path, now_ts: float) -> list[Finding]:
    """The certificate that gateway.toml names for the pages."""
    return _looked_at(certificate, key, now_ts, is_for_nodes=False, authority_folder=None)


def sign_in_findings(http: HttpSettings) -> list[Finding]:
    """Whether passwords may be typed where others can read them."""
    if not http.sign_in_without_tls or http.host in {"localhost", "127.0.0.1", "::1"}:
        return []
    text = f"gateway.toml: http.sign_in_without_tls is true, on {http.host}: passwords can be read on their way"
    return [Finding(PART, "warn", text, "docs/https.md has two ways to HTTPS; then take the line out")]


def rights_findings(file: BrokerFile, site: str) -> list[Finding]:
    """Whether nodes may speak in this site alone."""
    line = file.common.get("acl_file")
    is_reached = any(not listener.is_local() for listener in file.listeners)
    if line is None or not is_reached:
        return []
    try:
        sites = sites_of(Path(line.value).read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        return [Finding("broker", "warn", f"{line.value}: {error.strerror}", AS_ROOT)]
    remedy = f"write `vigie/1/{site}/%u/` into its pattern lines, or sudo vigie-gateway node add, which does it"
    if "+" in sites:
        text = f"{line.value}: nodes may speak in any site: a stolen one could fill the broker with retained messages"
        return [Finding("broker", "warn", text, remedy)]
    if sites - {site}:
        others = ", ".join(sorted(sites - {site}))
        text = f"{line.value}: nodes may speak in the site {others}, but this place is {site}: they are not heard"
        return [Finding("broker", "fail", text, remedy)]
    return []


def _looked_at(
    certificate: Path, key: Path, now_ts: float, *, is_for_nodes: bool, authority_folder: Path | None
) -> list[Finding]:
    try:
        pair = Pair(certificate.read_bytes(), key.read_bytes())
        mode = stat.S_IMODE(key.stat().st_mode)
        facts = authority.facts_of(pair.certificate)
        found = list(judge(facts, now_ts, str(certificate), is_for_nodes=is_for_nodes))
        found += _of_authority(pair, certificate, authority_folder)
    except PermissionError as error:
        return [Finding(PART, "warn", f"{error.filename} may not be read by this user: not looked at", AS_ROOT)]
    except OSError as error:
        return [Finding(PART, "fail", f"{error.filename}: {error.strerror}", _REMEDY)]
    except CertificateError as error:
        return [Finding(PART, "fail", f"{certificate}: {error}", _REMEDY)]
    if mode & 0o007:
        text = f"{key} may be read by everybody on this machine (mode {mode:04o}): they could pose as it"
        found.append(Finding(PART, "fail", text, f"sudo chmod 0640 {key}"))
    until = f"for {', '.join(facts.names)}, {(facts.until_ts - now_ts) / _DAY_S:.0f} days left"
    return found or [Finding(PART, "pass", f"{certificate} is in order: {until}")]


def _of_authority(pair: Pair, certificate: Path, folder: Path | None) -> Iterator[Finding]:
    if folder is None:
        return
    path = kept.certificate_path(folder, kept.AUTHORITY_NAME)
    if not authority.is_pair(pair):
        yield Finding(PART, "fail", f"{certificate}: its key is another's: the broker does not start with it", _REMEDY)
    elif path.exists() and not authority.is_of(pair.certificate, path.read_bytes()):
        yield Finding(PART, "fail", f"{certificate} is not of the authority {path}: nodes refuse it", _REMEDY)


def _authority_key(folder: Path) -> Iterator[Finding]:
    key = kept.key_path(folder, kept.AUTHORITY_NAME)
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
    except OSError:
        return  # kept elsewhere, or there is none, or this user may not look
    if mode & 0o077:
        text = f"{key} may be read by others than its owner (mode {mode:04o}): they could pose as the gateway"
        yield Finding(PART, "fail", text, f"sudo chmod 0600 {key}")
