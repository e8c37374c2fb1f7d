"""``notify.notifiers.apprise_service``: by Apprise, at a real web server."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.notify.servers import Authority, Receiver, free_port, receiver

from vigie_gateway.notify.notices import Message, NotifierError
from vigie_gateway.notify.notifiers import apprise_service
from vigie_gateway.notify.notifiers.apprise_service import AppriseService, AppriseUrlError


def service(web: Receiver, rest: str = "in", **options: object) -> AppriseService:
    options.setdefault("may_be_here", True)
    scheme = "json" if web.scheme == "http" else "jsons"
    return AppriseService("hook", f"{scheme}://127.0.0.1:{web.port}/{rest}", **options)  # type: ignore[arg-type] # its own


def test_a_webhook_gets_the_key_and_what_the_message_is_about(web: Receiver, message: Message) -> None:
    service(web, "in?+Authorization=Bearer%20x&:place=here").send(message)
    (one,) = web.received
    assert one.path == "/in"
    assert one.headers["Idempotency-Key"] == message.key
    assert one.headers["Authorization"] == "Bearer x"
    assert one.json == {
        "version": "1.0",
        "title": message.title,
        "message": message.body.rstrip(),
        "type": "failure",
        "key": message.key,
        "severity": "critical",
        "language": "fr",
        "alerts": [7, 9],
        "at_ts": message.at_ts,
        "place": "here",
    }


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what its services import
def test_the_source_of_every_scheme_that_is_taken_is_found_without_loading_it() -> None:
    from apprise.manager_plugins import NotificationManager

    manager: Any = NotificationManager()  # type: ignore[no-untyped-call] # it has no types
    manager.load_modules()
    for scheme in set(manager.schemas()) - set(apprise_service.REFUSED):
        package = manager[scheme].__module__.removeprefix("apprise.plugins.").partition(".")[0]
        assert apprise_service.module_of(scheme, Path(manager.module_path)) == package, scheme


@pytest.mark.parametrize(
    ("before", "url", "expected"),
    [
        ("", "ntfys://ntfy.example.org/alertes", "['ntfys', 1]"),
        ("", "nothing://x", "['AppriseUrlError', 'all']"),
        ("tempfile.tempdir = '/nowhere'; ", "jsons://hooks.example.org/in", "['jsons', 'all']"),
    ],
)
def test_one_service_loads_itself_alone_and_what_no_source_has_loads_all(before: str, url: str, expected: str) -> None:
    program = f"""
import sys, tempfile
from vigie_gateway.notify.notifiers.apprise_service import AppriseService, AppriseUrlError
{before}
try:
    said = AppriseService("one", {url!r})._service.url().partition(":")[0]
except AppriseUrlError as error:
    said = type(error).__name__
loaded = {{name.split(".")[2] for name in sys.modules if name.startswith("apprise.plugins.")}} - {{"base"}}
print([said, len(loaded) if len(loaded) < 3 else "all"])
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


def test_the_second_message_has_a_key_of_its_own(web: Receiver, message: Message) -> None:
    there = service(web)
    there.send(message)
    there.send(Message("e" * 32, "fini", "b", "ok", "fr", (), 1.0))
    assert [one.json["key"] for one in web.received] == [message.key, "e" * 32]
    assert [one.json["type"] for one in web.received] == ["failure", "success"]


@pytest.mark.parametrize(
    ("fault", "text", "is_permanent"),
    [
        ("500", "it answered 500", False),
        ("503", "it answered 503", False),
        ("429", "it answered 429", False),
        ("404", "it answered 404", True),
        ("401", r"refused the user, password or token \(401\)", True),
        ("302", r"leads to another address \(302\)", True),
        ("reset", "it hung up", False),
    ],
)
def test_what_failed_is_told_and_whether_a_further_try_can_help(
    web: Receiver, message: Message, fault: str, text: str, is_permanent: bool
) -> None:
    web.fault = fault
    with pytest.raises(NotifierError, match=text) as told:
        service(web).send(message)
    assert told.value.is_permanent is is_permanent


def test_a_redirect_is_not_followed(web: Receiver, message: Message) -> None:
    with receiver() as elsewhere:
        web.fault, web.location = "307", f"http://127.0.0.1:{elsewhere.port}/"
        with pytest.raises(NotifierError, match="not followed"):
            service(web).send(message)
        assert elsewhere.received == []


def test_a_certificate_is_checked_and_ones_own_authority_is_believed(authority: Authority, message: Message) -> None:
    with receiver(authority.server) as web:
        with pytest.raises(NotifierError, match="certificate cannot be trusted"):
            service(web).send(message)
        assert web.received == []
        service(web, ca_file=str(authority.file)).send(message)
        assert len(web.received) == 1


def test_an_answer_that_drips_for_ever_is_given_up_in_time(
    web: Receiver, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apprise_service, "SEND_S", 0.3)
    web.fault = "slow"
    with pytest.raises(NotifierError, match="too slow"):
        service(web).send(message)


def test_nobody_listening_is_told_as_that(message: Message) -> None:
    with pytest.raises(NotifierError, match="nobody listens there"):
        AppriseService("hook", f"json://127.0.0.1:{free_port()}/", may_be_here=True).send(message)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "0.0.0.0"])
def test_nothing_is_sent_to_this_machine_or_its_link_unless_that_was_said(
    web: Receiver, message: Message, host: str
) -> None:
    with pytest.raises(NotifierError, match="see `loopback`") as told:
        AppriseService("hook", f"json://{host}:{web.port}/").send(message)
    assert told.value.is_permanent
    assert web.received == []


def test_a_name_is_judged_by_the_address_that_is_connected_to(
    web: Receiver, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def lying(host: object, port: object, *arguments: object, **options: object) -> object:
        return real("127.0.0.1", port, *arguments, **options)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(socket, "getaddrinfo", lying)
    with pytest.raises(NotifierError, match="see `loopback`"):
        AppriseService("hook", f"json://hooks.example.org:{web.port}/").send(message)
    assert web.received == []


def test_what_may_not_be_connected_to_is_only_judged_while_a_notifier_sends(web: Receiver, message: Message) -> None:
    with pytest.raises(NotifierError):
        AppriseService("hook", f"json://127.0.0.1:{web.port}/").send(message)
    socket.create_connection(("127.0.0.1", web.port)).close()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("mailtos://u:canary@example.org", "kind = "),
        ("dbus://", "screen of this machine"),
        ("syslog://canary", "own log"),
        ("RSYSLOG://host", "arrived"),
        ("xmpp://u:canary@example.org", "thread of its own"),
        ("nothing://canary", "no address that Apprise knows"),
        ("canary", "no address that Apprise knows"),
        ("jsons://example.org/?verify=no", "verify=no"),
        ("jsons://example.org/?redirect=yes", "redirect=yes"),
        ("fcm://canary@project/?keyfile=/etc/passwd", "keyfile="),
        ("workflows://example.org/?Template=/etc/passwd", "template="),
    ],
)
def test_addresses_that_are_not_taken_say_why_without_being_repeated(url: str, text: str) -> None:
    with pytest.raises(AppriseUrlError, match=text) as told:
        AppriseService("x", url)
    assert "canary" not in str(told.value)


@pytest.mark.parametrize("fault", ["401", "500", "reset", None])
def test_no_address_password_or_token_is_ever_logged_or_told(
    web: Receiver, message: Message, fault: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    records: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record.getMessage())

    ear, root = Ear(), logging.getLogger()
    before = root.level
    root.addHandler(ear)
    root.setLevel(1)
    try:
        web.fault = fault
        url = f"json://user:canary-p@127.0.0.1:{web.port}/canary-path?+X=canary-header&-q=canary-query"
        told = ""
        there = AppriseService("hook", url, may_be_here=True)
        try:
            there.send(message)
        except NotifierError as error:
            told = str(error)
    finally:
        root.removeHandler(ear)
        root.setLevel(before)
    assert "canary" not in "\n".join([*records, told, repr(there), *capfd.readouterr()])
    assert bool(told) == (fault is not None)


def test_its_kind_is_the_name_of_the_service() -> None:
    assert AppriseService("x", "ntfys://ntfy.example.lan/alertes", is_local=True).kind == "ntfy"
    assert AppriseService("x", "matrixs://u:p@matrix.example.org/#a").kind == "Matrix"
    assert AppriseService("x", "jsons://hooks.example.org/a").kind == "webhook"
