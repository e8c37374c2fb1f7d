"""The files of the authority and of its certificates: what is missing or does not fit any more is made anew.

Called by ``vigie-gateway certificates``, by the installation, and by ``node add`` before a node is let in, as root.
What fits is left alone: a second run changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from vigie_gateway.certificates import authority
from vigie_gateway.certificates.authority import CertificateError, Facts, Pair
from vigie_gateway.files import replace_file

AUTHORITY_FOLDER = Path("/etc/vigie/authority")
BROKER_FOLDER = Path("/etc/mosquitto/certs")
BROKER_GROUP = "mosquitto"
BROWSER_FOLDER = Path("/etc/vigie/https")
BROWSER_GROUP = "vigie-gateway"
AUTHORITY_NAME = "ca"
SERVER_NAME = "vigie"
"""Of the two files, ``.crt`` and ``.key``, in each folder."""
RENEW_BEFORE_DAYS = 30
"""Days before its end when a certificate is made anew. Lower leaves less time to notice that nobody ran the command;
higher asks for it more often."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What there should be.

    Attributes:
        site: What the authority is called by.
        names: Host names and addresses of this machine, best first.
        authority: The folder of its two files.
        broker: The folder of the broker's; None for none.
        browsers: The folder of those for the pages; None for none.
        broker_group: Who may read the broker's key; None for nobody but its owner.
        browser_group: The same for the pages' key.
    """

    site: str
    names: tuple[str, ...]
    authority: Path = AUTHORITY_FOLDER
    broker: Path | None = BROKER_FOLDER
    browsers: Path | None = None
    broker_group: str | None = BROKER_GROUP
    browser_group: str | None = BROWSER_GROUP


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: ``says`` it in a sentence, ``take`` does it; it raises CertificateError or OSError."""

    says: str
    take: Callable[[], None]


def steps_of(wanted: Wanted, now_at: datetime) -> list[Step]:
    """What is to be done, in order; empty when all fits.

    Raises:
        CertificateError: The authority that there is may not certify one of the names, or its files do not fit
            together.
        OSError: A file may not be read.
    """
    kept = _authority_of(wanted)
    steps = [] if kept is not None else [_new_authority(wanted)]
    if wanted.broker is not None:
        make = authority.certify_for_nodes
        steps += _server_steps(wanted, kept, wanted.broker, wanted.broker_group, "broker", now_at, make)
    if wanted.browsers is not None:
        make = partial(authority.certify_for_browsers, now_at=now_at)
        steps += _server_steps(wanted, kept, wanted.browsers, wanted.browser_group, "pages", now_at, make)
    return steps


def within(names: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """Those names that the authority in that folder may certify; all of them while there is none.

    For names that nobody asked for: a machine that was called otherwise since keeps its certificate and loses that
    name. Raises CertificateError and OSError.
    """
    path = certificate_path(folder, AUTHORITY_NAME)
    if not path.exists():
        return names
    certificate = path.read_bytes()
    return tuple(name for name in names if authority.permits(certificate, name))


def certificate_path(folder: Path, name: str = SERVER_NAME) -> Path:
    """Where the certificate is."""
    return folder / f"{name}.crt"


def key_path(folder: Path, name: str = SERVER_NAME) -> Path:
    """Where its key is."""
    return folder / f"{name}.key"


def _authority_of(wanted: Wanted) -> Pair | None:
    pair = _read(wanted.authority, AUTHORITY_NAME)
    if pair is None:
        if certificate_path(wanted.authority, AUTHORITY_NAME).exists():
            raise CertificateError(
                f"{key_path(wanted.authority, AUTHORITY_NAME)} is not there: bring it back from where it is kept, or "
                f"move {wanted.authority} away for a new authority; every node must then be let in again"
            )
        return None
    if not authority.is_pair(pair):
        raise CertificateError(f"{wanted.authority}: the key is not that of the certificate")
    for name in wanted.names:
        if not authority.permits(pair.certificate, name):
            raise CertificateError(
                f"the authority in {wanted.authority} was not made for {name!r}: leave that name out, or move the "
                "folder away for a new authority; every node must then be let in again"
            )
    return pair


def _new_authority(wanted: Wanted) -> Step:
    def take() -> None:
        hosts = [name for name in wanted.names if not _is_address(name)]
        made = authority.make_authority(wanted.site, hosts, [name for name in wanted.names if _is_address(name)])
        _write(wanted.authority, AUTHORITY_NAME, made, None)

    return Step(f"make the authority of the place in {wanted.authority}, for {', '.join(wanted.names)}", take)


def _server_steps(
    wanted: Wanted,
    kept: Pair | None,
    folder: Path,
    group: str | None,
    whose: str,
    now_at: datetime,
    make: Callable[[Pair, tuple[str, ...]], Pair],
) -> Iterator[Step]:
    why = "a new authority" if kept is None else _why_anew(folder, kept, wanted.names, now_at)
    if why is None:
        return

    def take() -> None:
        signing = kept or _read(wanted.authority, AUTHORITY_NAME)
        if signing is None:
            raise CertificateError(f"there is no authority in {wanted.authority}")
        _write(folder, SERVER_NAME, make(signing, wanted.names), group)

    yield Step(f"make the certificate of the {whose} in {folder}, for {', '.join(wanted.names)}: {why}", take)


def _why_anew(folder: Path, kept: Pair, names: tuple[str, ...], now_at: datetime) -> str | None:
    """Why a server's certificate does not do; None when it does."""
    pair = _read(folder, SERVER_NAME)
    if pair is None:
        return "there is none"
    try:
        if not authority.is_pair(pair):
            return "its key is another's"
        if not authority.is_of(pair.certificate, kept.certificate):
            return "it is of another authority"
        facts = authority.facts_of(pair.certificate)
    except CertificateError as error:
        return str(error)
    if missing := [name for name in names if name not in facts.names]:
        return f"it is not for {', '.join(missing)}"
    return _why_renewed(facts, now_at)


def _why_renewed(facts: Facts, now_at: datetime) -> str | None:
    days = (facts.until_ts - now_at.timestamp()) / 86_400
    return f"it ends in {days:.0f} days" if days < RENEW_BEFORE_DAYS else None


def _read(folder: Path, name: str) -> Pair | None:
    try:
        return Pair(certificate_path(folder, name).read_bytes(), key_path(folder, name).read_bytes())
    except FileNotFoundError:
        return None


def _write(folder: Path, name: str, pair: Pair, group: str | None) -> None:
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    # The key first: a certificate without its key would be told to be another's, and made anew.
    try:
        replace_file(key_path(folder, name), pair.key, 0o600 if group is None else 0o640, group)
    except LookupError as error:
        raise CertificateError(f"{key_path(folder, name)}: {error}") from error
    replace_file(certificate_path(folder, name), pair.certificate, 0o644)
    certificate_path(folder, name).chmod(0o644)


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()
