"""``notify.notifiers.email``: mail, at a real server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.notify.conftest import TEXT
from tests.gateway.notify.servers import PASSWORD, Authority, Mailbox, free_port, mail_server

from vigie_gateway.notify.notices import Message, NotifierError
from vigie_gateway.notify.notifier import one_line
from vigie_gateway.notify.notifiers import email
from vigie_gateway.notify.notifiers.email import Email, MailServer


def notifier(server: MailServer, *to: str) -> Email:
    return Email(
        "mail", server, "vigie@example.org", to or ("accueil@example.org",), lambda: 1_795_527_060.0, may_be_here=True
    )


def at(box: Mailbox, authority: Authority, **changes: object) -> MailServer:
    server = MailServer("localhost", box.port, "starttls", ca_file=str(authority.file))
    return replace(server, **changes)  # type: ignore[arg-type] # of its own fields


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_arrives_as_text_with_its_accents_and_its_key(
    authority: Authority, message: Message, security: str
) -> None:
    is_starttls = security == "starttls"
    signed_in = {"user": "vigie", "password": PASSWORD} if is_starttls else {}  # the server has no other TLS with it
    with mail_server(authority.server, starttls=is_starttls, with_password=is_starttls) as box:
        notifier(at(box, authority, security=security, **signed_in)).send(message)
        ((to, mail),) = box.taken
    assert to == ("accueil@example.org",)
    assert mail["Subject"] == message.title
    assert mail["Message-ID"] == f"<{message.key}@example.org>"
    assert mail["Date"] == "Tue, 24 Nov 2026 13:31:00 +0000"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n") == TEXT


def test_a_second_try_is_the_same_message(authority: Authority, message: Message) -> None:
    with mail_server(authority.server) as box:
        there = notifier(at(box, authority))
        there.send(message)
        there.send(message)
        first, second = (mail for _, mail in box.taken)
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize(
    ("fault", "text", "is_permanent"),
    [
        ("450", r"refused the message \(450\)", False),
        ("451", r"refused the message \(451\)", False),
        ("550", r"refused the message \(550\)", True),
        ("552", r"refused the message \(552\)", True),
        ("reset", "hung up", False),
    ],
)
def test_what_the_server_says_after_the_text_is_told_by_its_code(
    authority: Authority, message: Message, fault: str, text: str, is_permanent: bool
) -> None:
    with mail_server(authority.server) as box:
        box.fault = fault
        with pytest.raises(NotifierError, match=text) as told:
            notifier(at(box, authority)).send(message)
    assert told.value.is_permanent is is_permanent
    assert PASSWORD not in str(told.value)  # which this server repeats


def test_a_wrong_password_is_permanent_and_never_told(authority: Authority, message: Message) -> None:
    with mail_server(authority.server, with_password=True) as box:
        there = notifier(at(box, authority, user="vigie", password="canary-wrong-77"))
        with pytest.raises(NotifierError, match=r"refused user or password \(535\)") as told:
            there.send(message)
    assert told.value.is_permanent
    assert "canary" not in repr(told.value) + repr(vars(there))


def test_a_certificate_of_a_stranger_is_refused_before_anything_is_said(authority: Authority, message: Message) -> None:
    with mail_server(authority.stranger, starttls=False) as box:
        with pytest.raises(NotifierError, match="certificate cannot be trusted"):
            notifier(at(box, authority, security="tls", user="vigie", password=PASSWORD)).send(message)
        assert box.taken == []


def test_a_server_without_starttls_is_not_given_the_mail_in_the_clear(authority: Authority, message: Message) -> None:
    with mail_server() as box:
        with pytest.raises(NotifierError, match="check `security`") as told:
            notifier(at(box, authority)).send(message)
        assert box.taken == []
    assert told.value.is_permanent


def test_who_has_the_mail_gets_no_second_when_another_address_was_refused(
    authority: Authority, message: Message
) -> None:
    with mail_server(authority.server) as box:
        there = notifier(at(box, authority), "a@example.org", "gone@example.org")
        box.refuses = frozenset({"gone@example.org"})
        with pytest.raises(NotifierError, match=r"refused an address \(550\)"):
            there.send(message)
        box.refuses = frozenset()
        there.send(message)
        there.send(replace(message, key="f" * 32))
        assert [to for to, _ in box.taken] == [
            ("a@example.org",),
            ("gone@example.org",),
            ("a@example.org", "gone@example.org"),
        ]


def test_a_server_that_never_answers_is_given_up_in_time(
    authority: Authority, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "SEND_S", 0.3)
    with mail_server(authority.server) as box:
        box.fault = "slow"
        with pytest.raises(NotifierError, match="too slow") as told:
            notifier(at(box, authority)).send(message)
        box.fault = None
    assert not told.value.is_permanent


def test_nobody_listening_is_told_as_that(message: Message) -> None:
    with pytest.raises(NotifierError, match="did not answer: Connection refused"):
        notifier(MailServer("127.0.0.1", free_port(), "none")).send(message)


def test_a_server_on_this_machine_needs_to_be_allowed(message: Message) -> None:
    there = Email("mail", MailServer("localhost", 25, "none"), "a@example.org", ("b@example.org",), lambda: 0.0)
    with pytest.raises(NotifierError, match="see `loopback`") as told:
        there.send(message)
    assert told.value.is_permanent


@given(st.text())
def test_no_title_makes_a_second_header(title: str) -> None:
    there = notifier(MailServer("localhost", 25, "none"))
    mail = there._text(Message("k", title + "\r\nBcc: x@example.org\n\nbody", "b", "ok", "fr", (), 0.0))
    assert "Bcc" not in mail
    assert "\n" not in one_line(title)
    assert b"\r\nBcc:" not in mail.as_bytes()
