"""E-mail, by SMTP. The only place where ``smtplib`` is used.

Not through Apprise: it makes up a Message-ID for each try, so that a second one is a second message, and does not tell
a wrong password from a server that is busy.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

from vigie_dashboard.fault_words import fault
from vigie_gateway.notify.connections import watched
from vigie_gateway.notify.notices import Message, NotifierError
from vigie_gateway.notify.notifier import SEND_S, one_line

STEP_S = 10.0
"""For one answer of the server. Lower gives up on one that looks a sender up first; SEND_S bounds them all."""
MAX_UNFINISHED = 64
"""Messages that some addresses took and others refused, remembered so that who has one gets no second. Fewer forget
sooner."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and as whom.

    Attributes:
        host: Its name; the certificate must be for it.
        port: Its port.
        security: ``starttls``, ``tls`` from the first byte, or ``none``.
        user: None hands in without signing in.
        password: Never shown.
        ca_file: Of who signed its certificate; None: the system's own.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None


class Email:
    """One mail server and the addresses that it is asked to deliver to.

    Args:
        name: Its id.
        server: Where mail is handed in.
        sender: Its address.
        to: The addresses.
        now_ts: What time it is, for the Date header.
        is_local: Whether the server and those who read are in the place's own network.
        may_be_here: Whether the server may be this machine.
    """

    kind = "email"

    def __init__(
        self,
        name: str,
        server: MailServer,
        sender: str,
        to: Sequence[str],
        now_ts: Callable[[], float],
        *,
        is_local: bool = False,
        may_be_here: bool = False,
    ) -> None:
        self.name = name
        self.is_local = is_local
        self._server = server
        self._sender = sender
        self._to = tuple(to)
        self._now_ts = now_ts
        self._may_be_here = may_be_here
        self._taken: dict[str, set[str]] = {}

    def send(self, message: Message) -> None:
        """Hand it in; of several addresses a second try leaves out those that have it."""
        with watched(SEND_S, may_be_here=self._may_be_here) as connections:
            try:
                self._hand_in(message)
            except smtplib.SMTPException as error:
                if connections.is_late:
                    raise _late() from error
                raise _refusal(error) from error
            except ssl.SSLCertVerificationError as error:
                raise NotifierError(fault("mail-untrusted")) from error
            except ssl.SSLError as error:
                raise NotifierError(fault("mail-tls")) from error
            except OSError as error:
                if connections.is_refused:
                    raise NotifierError(fault("mail-here"), is_permanent=True) from error
                if connections.is_late or isinstance(error, TimeoutError):
                    raise _late() from error
                raise NotifierError(fault("mail-no-answer", why=error.strerror or type(error).__name__)) from error

    def _hand_in(self, message: Message) -> None:
        taken = self._taken.get(message.key, set())
        missing = [address for address in self._to if address not in taken]
        connected = self._connect()
        try:
            refused = connected.sendmail(self._sender, missing, self._text(message).as_bytes(policy=SMTP))
        finally:
            with contextlib.suppress(OSError, smtplib.SMTPException):  # it has the message, or never will
                connected.quit()
        if refused:
            self._taken[message.key] = taken | {address for address in missing if address not in refused}
            while len(self._taken) > MAX_UNFINISHED:
                del self._taken[next(iter(self._taken))]
            raise smtplib.SMTPRecipientsRefused(refused)
        self._taken.pop(message.key, None)

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context(cafile=server.ca_file)
        connected: smtplib.SMTP
        if server.security == "tls":
            connected = smtplib.SMTP_SSL(server.host, server.port, timeout=STEP_S, context=context)
        else:
            connected = smtplib.SMTP(server.host, server.port, timeout=STEP_S)
        try:
            if server.security == "starttls":
                connected.starttls(context=context)
            if server.user is not None and server.password is not None:
                connected.login(server.user, server.password)
        except BaseException:
            connected.close()
            raise
        return connected

    def _text(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._to)
        mail["Subject"] = one_line(message.title)
        mail["Date"] = format_datetime(datetime.fromtimestamp(self._now_ts(), UTC))
        mail["Message-ID"] = f"<{message.key}@{self._sender.rpartition('@')[2]}>"
        mail["Content-Language"] = message.language
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: an absence note must not answer
        mail.set_content(message.body, charset="utf-8", cte="quoted-printable")
        return mail


def _late() -> NotifierError:
    return NotifierError(fault("mail-slow"))


def _refusal(error: smtplib.SMTPException) -> NotifierError:
    """What its code says (RFC 5321 §4.2.1): 4yz may work later, 5yz will not.

    The server's own words are left out: it may repeat what it was told.
    """
    if isinstance(error, smtplib.SMTPAuthenticationError):
        is_final = error.smtp_code >= 500  # noqa: PLR2004 - RFC 4954: 454 is a server that cannot tell now
        return NotifierError(fault("mail-sign-in", status=error.smtp_code), is_permanent=is_final)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        count, code = len(error.recipients), codes[-1]
        refused = fault("mail-addresses", count=count, status=code) if count > 1 else fault("mail-address", status=code)
        return NotifierError(refused, is_permanent=codes[0] >= 500)  # noqa: PLR2004
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return NotifierError(fault("mail-hung-up"))
    if isinstance(error, smtplib.SMTPResponseException):
        return NotifierError(
            fault("mail-message", status=error.smtp_code),
            is_permanent=error.smtp_code >= 500,  # noqa: PLR2004
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotifierError(fault("mail-unsupported"), is_permanent=True)
    return NotifierError(fault("mail-refused", why=type(error).__name__))
