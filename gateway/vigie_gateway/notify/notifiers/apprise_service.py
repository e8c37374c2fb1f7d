"""Apprise's hundred services by their URL: SMS gateways, ntfy, Matrix, webhooks. The one place where it is imported.

Loaded only where ``notifiers.toml`` has a ``url``, and of its services those alone that are named there: 6 MB, where
all of them are 24. Apprise says no more than that it failed, and writes why into its log: that log is read here, for
this thread's try alone, and goes nowhere else, since it holds addresses and tokens. What is told of it are Vigie's own
words and the status.
"""

from __future__ import annotations

import logging
import re
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from vigie_dashboard.fault_words import fault
from vigie_gateway.notify.connections import watched
from vigie_gateway.notify.notices import Message, NotifierError
from vigie_gateway.notify.notifier import SEND_S, one_line

_DESKTOP = "it writes on the screen of this machine"
_UNSEEN = "nobody can tell whether it arrived"
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("dbus", "glib", "gio", "gnome", "kde", "qt", "macosx", "windows"), _DESKTOP),
    "blink1": "it opens a device of this machine; a node's lamp does that",
    "syslog": "it writes into this machine's own log",
    "rsyslog": _UNSEEN,
    "growl": _UNSEEN,
    "aprs": "it is sent by radio, for all to read",
    "dapnet": "it is sent by radio, for all to read",
    **dict.fromkeys(("xmpp", "xmpps"), "it connects on a thread of its own, where its address cannot be checked"),
    **dict.fromkeys(("mailto", "mailtos"), 'write `kind = "email"` with `server`, `from` and `to`'),
}
"""Schemes of Apprise that are not taken, and why."""
READS_FILES = frozenset({"keyfile", "subfile", "template", "pgp", "pgpkey", "pgppub", "pgpprv", "attach"})
"""Keys of a URL by which Apprise reads a file of this machine, for some service."""
STEP_S = 10.0
"""For a connection, and for each piece of an answer; SEND_S bounds the whole."""
MAX_LINES = 200
"""Of Apprise's log that one try may keep. Fewer could miss the one that says why."""

_PROTOCOL = re.compile(r"""(?:\b|_)protocol\s*=\s*(\([^)]*\)|"[^"]*"|'[^']*')""")
"""How a service of Apprise names its schemes: ``protocol = "json"``, ``secure_protocol = ("a", "b")``."""
_STATUS = re.compile(r"\berror=(\d{3})\b")
_TROUBLES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|doesn't match"),
        "untrusted",
    ),
    (re.compile(r"SSLError|\bssl\b", re.IGNORECASE), "tls"),
    (re.compile(r"timed out|Timeout", re.IGNORECASE), "slow"),
    (
        re.compile(r"NameResolution|Name or service not known|name resolution|getaddrinfo", re.IGNORECASE),
        "no-name",
    ),
    (re.compile(r"refused", re.IGNORECASE), "nobody-there"),
    (re.compile(r"reset|aborted|Disconnected|IncompleteRead|Broken pipe", re.IGNORECASE), "hung-up"),
    (re.compile(r"unreachable|No route", re.IGNORECASE), "no-way"),
)
_RETRYABLE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class AppriseUrlError(ValueError):
    """An address that is not taken; one line, without the address."""


class _Lines(threading.local):
    kept: list[str] | None = None


class _Ear(logging.Handler):
    """Keeps what Apprise logs for the try of this thread."""

    def __init__(self) -> None:
        super().__init__(level=1)
        self.lines = _Lines()

    def emit(self, record: logging.LogRecord) -> None:
        kept = self.lines.kept
        if kept is not None and len(kept) < MAX_LINES:
            kept.append(record.getMessage())


_ear = _Ear()


def _load(scheme: str) -> Any:
    """Apprise itself, with what sends to that scheme; what it logs turned to this module alone."""
    logger = logging.getLogger("apprise")
    if _ear not in logger.handlers:
        logger.addHandler(_ear)
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
        logging.getLogger("urllib3").propagate = False  # it logs whole addresses too
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what its services import, and nobody here can change
        import apprise

        _load_service(scheme)
    return apprise


def _load_service(scheme: str) -> None:
    """Load what sends to that scheme, unless it is loaded; all there is where no source says that it does.

    Apprise loads the modules that a folder lists by their names: the folder may list some of its own alone.
    """
    from apprise.manager_plugins import NotificationManager

    manager: Any = NotificationManager()  # type: ignore[no-untyped-call] # it has no types
    # Not ``scheme in manager``: of a manager that has nothing yet, that loads everything.
    if manager and scheme in manager.schemas():
        return
    if (name := module_of(scheme, Path(manager.module_path))) is not None:
        # Without room for it all are loaded, from where they are.
        with suppress(OSError), tempfile.TemporaryDirectory() as folder:
            Path(folder, name).touch()
            manager.load_modules(path=folder, name=manager.module_name_prefix)
    if scheme not in manager.schemas():
        manager.load_modules()


def module_of(scheme: str, folder: Path) -> str | None:
    """Of Apprise's own modules, the name of that whose source gives the scheme as a protocol of its own."""
    quoted = (f'"{scheme}"', f"'{scheme}'")
    sources = (*folder.glob("*.py"), *folder.glob("*/*.py"))
    # Most are called as their scheme, and one source instead of two hundred is read.
    for path in sorted(sources, key=lambda one: (not scheme.startswith(one.stem), one)):
        protocols = " ".join(_PROTOCOL.findall(path.read_text(encoding="utf-8", errors="replace")))
        if any(one in protocols for one in quoted):
            return path.relative_to(folder).parts[0].removesuffix(".py")
    return None


class AppriseService:
    """One address of Apprise's.

    Args:
        name: Its id.
        url: As Apprise's documentation writes it.
        ca_file: Of who signed the certificate; None: those that Apprise's libraries bring.
        is_local: Whether it works without internet.
        may_be_here: Whether it may be this machine.

    Raises:
        AppriseUrlError: The address is not taken.
    """

    def __init__(
        self, name: str, url: str, *, ca_file: str | None = None, is_local: bool = False, may_be_here: bool = False
    ) -> None:
        self.name = name
        self.is_local = is_local
        self._may_be_here = may_be_here
        self._service = _service(url)
        if ca_file is not None:
            self._service.verify_certificate = ca_file  # requests takes a file where it takes True
        scheme = url.partition(":")[0].lower()
        self._is_webhook = scheme in {"json", "jsons", "form", "forms", "xml", "xmls"}
        self._is_json = scheme in {"json", "jsons"}
        self.kind = "webhook" if self._is_webhook else str(self._service.service_name)
        self._extras = dict(self._service.payload_extras) if self._is_webhook else {}

    def send(self, message: Message) -> None:
        """Tell. A webhook is given the key as ``Idempotency-Key``, and as JSON what the message is about."""
        import apprise

        if self._is_webhook:
            self._service.headers["Idempotency-Key"] = message.key
        if self._is_json:
            self._service.payload_extras = {**_fields(message), **self._extras}
        kinds = {"critical": apprise.NotifyType.FAILURE, "ok": apprise.NotifyType.SUCCESS}
        with _heard() as lines, watched(SEND_S, may_be_here=self._may_be_here) as connections:
            try:
                is_sent = self._service.notify(
                    title=one_line(message.title),
                    body=message.body,
                    notify_type=kinds.get(message.severity, apprise.NotifyType.WARNING),
                    body_format=apprise.NotifyFormat.TEXT,
                )
            except Exception as error:  # noqa: BLE001 - a hundred services, each with libraries of its own
                lines.append(f"{type(error).__name__}: {error}")
                is_sent = False
            if connections.is_refused:
                raise NotifierError(fault("here"), is_permanent=True)
            if connections.is_late and not is_sent:
                raise NotifierError(fault("slow"))
        if not is_sent:
            raise _trouble(lines)


def _service(url: str) -> Any:
    scheme = url.partition("://")[0].lower()
    if (reason := REFUSED.get(scheme)) is not None:
        raise AppriseUrlError(f"{scheme}:// is not taken: {reason}")
    parts = urlsplit(url)
    if found := READS_FILES & {key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)}:
        raise AppriseUrlError(f"{min(found)}= is not taken: it would read a file of this machine")
    apprise = _load(scheme)
    asset = apprise.AppriseAsset(
        app_id="Vigie",
        app_desc="Vigie",
        app_url="",
        async_mode=False,
        http_redirects=False,
        secure_logging=True,
        storage_mode=apprise.common.PersistentStoreMode.MEMORY,
    )
    with _heard():
        service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        raise AppriseUrlError("no address that Apprise knows, or one with a part missing: expected service://…")
    if service.verify_certificate is not True:
        raise AppriseUrlError("verify=no is not taken: give `ca_file` for a certificate of your own")
    if service.redirects:
        raise AppriseUrlError("redirect=yes is not taken: name the address that it leads to")
    service.retry = 0
    service.socket_connect_timeout = min(service.socket_connect_timeout or STEP_S, STEP_S)
    service.socket_read_timeout = STEP_S
    return service


def _fields(message: Message) -> dict[str, Any]:
    """What a webhook's JSON has beside ``title`` and ``message``."""
    return {
        "key": message.key,
        "severity": message.severity,
        "language": message.language,
        "alerts": list(message.alerts),
        "at_ts": message.at_ts,
        "attachments": "",
    }


@contextmanager
def _heard() -> Iterator[list[str]]:
    lines: list[str] = []
    _ear.lines.kept = lines
    try:
        yield lines
    finally:
        _ear.lines.kept = None


def _trouble(lines: list[str]) -> NotifierError:
    """What the log says that went wrong: never a word of it."""
    text = "\n".join(lines)
    if statuses := _STATUS.findall(text):
        status = int(statuses[-1])
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return NotifierError(fault("sign-in", status=status), is_permanent=True)
        if status // 100 == 3:  # noqa: PLR2004 - redirects
            return NotifierError(fault("redirect", status=status), is_permanent=True)
        is_final = status // 100 == 4 and status not in _RETRYABLE  # noqa: PLR2004 - the client's fault
        return NotifierError(fault("answered", status=status), is_permanent=is_final)
    code = next((code for pattern, code in _TROUBLES if pattern.search(text)), "not-taken")
    return NotifierError(fault(code))
