"""``vigie-gateway node``: let a node in by a one-time code, list nodes, put one out. As root, on the broker's machine.

``add`` waits for the node: its door is open only as long as somebody sits there.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigie_contract.enrolment import PORT

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands
    from vigie_gateway.nodes.admission import Broker
    from vigie_gateway.nodes.enrolment import Enrolment
    from vigie_gateway.nodes.invitation import Ready
    from vigie_gateway.settings import Settings

EXIT_REFUSED = 1
EXIT_INTERRUPTED = 130
UPDATE_PORT = 8885
"""``nodes.offer.PORT``, which is imported only when it is needed."""
_PRESENCE = {True: "online", False: "offline", None: "has not said whether it is online"}
TOLD_WITHIN_S = 120.0
"""After it has its credential, how long a node may take to say whether it is heard. Lower gives up on a gateway that
commits once a minute; higher keeps a person waiting for a node that never says it."""
LOOK_S = 30.0
"""How often the person who waits is told how long the code still holds."""


def add_parser(commands: Commands) -> None:
    """Describe the commands."""
    node = commands.add_parser("node", help="nodes: let one in by a one-time code, list them, put one out")
    does = node.add_subparsers(dest="does", required=True)
    add = does.add_parser("add", help="print a one-time code and wait until the node has shown it")
    add.add_argument("name", help="the node's id: a-z, 0-9 and -")
    add.add_argument("--replace", action="store_true", help="give a node that is there another credential")
    add.add_argument("--listen", default="", metavar="ADDRESS", help="wait on this address alone (default: on all)")
    add.add_argument("--port", type=int, default=PORT, help=f"wait on another port (default: {PORT})")
    add.add_argument("--authority", type=Path, help="folder of the authority (default: /etc/vigie/authority)")
    does.add_parser("list", help="who has a credential, and when the gateway heard it")
    does.add_parser("revoke", help="end a node's right and its connection at once").add_argument("name")
    update = does.add_parser("update", help="offer nodes a version of their program until Ctrl-C")
    update.add_argument("folder", type=Path, help="what firmware/release.py wrote")
    update.add_argument("--listen", default="", metavar="ADDRESS", help="offer it on this address alone")
    update.add_argument("--port", type=int, default=UPDATE_PORT, help=f"on another port (default: {UPDATE_PORT})")
    node.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    node.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do what was asked."""
    from vigie_contract.errors import ContractError
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_UNAVAILABLE, fail
    from vigie_gateway.nodes.admission import AdmissionError
    from vigie_gateway.nodes.door import DoorError
    from vigie_gateway.nodes.invitation import InvitationError
    from vigie_gateway.nodes.password_file import PasswordFileError
    from vigie_gateway.place.problem import SiteError, format_problem
    from vigie_gateway.settings import SettingsError

    try:
        return _do(options)
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except SiteError as error:
        return fail(EXIT_CONFIGURATION, *(format_problem(problem) for problem in error.problems))
    except ContractError as error:
        return fail(EXIT_REFUSED, error.detail)
    except (AdmissionError, PasswordFileError, InvitationError, DoorError) as error:
        return fail(EXIT_UNAVAILABLE, str(error))
    except KeyboardInterrupt:
        return fail(EXIT_INTERRUPTED, "", "ended: nobody is let in, and nothing offered, any more")


def _do(options: argparse.Namespace) -> int:
    from vigie_contract.topics import check_id
    from vigie_gateway.commands.terminal import fail
    from vigie_gateway.nodes.admission import find_broker, has_rights_of_its_own
    from vigie_gateway.nodes.place import site_id
    from vigie_gateway.settings import load_settings

    settings = load_settings(options.config)
    broker = find_broker(settings.broker)
    if options.does == "list":
        return _list(settings, broker)
    if options.does == "update":
        return _update(options, broker)
    if check_id(options.name, "NAME") == settings.broker.username:
        return fail(EXIT_REFUSED, f"{options.name} is the gateway's own name at the broker, and no node's")
    if options.does == "add" and has_rights_of_its_own(broker, options.name):
        return fail(EXIT_REFUSED, f"{options.name} has rights of its own in {broker.rights}, and is no node's name")
    do = _add if options.does == "add" else _revoke
    return do(options, settings, broker, site_id(settings))


def _add(options: argparse.Namespace, settings: Settings, broker: Broker, site: str) -> int:
    from datetime import UTC, datetime

    from vigie_contract.clock import SystemClock
    from vigie_contract.enrolment import new_code
    from vigie_gateway.api.serving import Tls
    from vigie_gateway.certificates.kept import AUTHORITY_FOLDER, BROKER_GROUP, Wanted
    from vigie_gateway.certificates.own_names import wanted_names
    from vigie_gateway.commands.terminal import fail
    from vigie_gateway.nodes.door import Door
    from vigie_gateway.nodes.enrolment import Enrolment
    from vigie_gateway.nodes.invitation import credential_for, prepare

    name = options.name
    if name in broker.passwords.users() and not options.replace:
        return fail(
            EXIT_REFUSED, f"there is a node {name} already: --replace gives it another credential, revoke ends it"
        )
    is_elsewhere = options.authority is not None
    wanted = Wanted(
        site, wanted_names(), options.authority or AUTHORITY_FOLDER, broker_group=None if is_elsewhere else BROKER_GROUP
    )
    ready = prepare(broker, wanted, datetime.fromtimestamp(SystemClock().now_ts(), UTC), options.listen)
    for line in ready.renewed:
        print(line)
    code = new_code()
    enrolment = Enrolment(
        code,
        ready.ca,
        ready.ca_der,
        lambda: credential_for(
            broker, ready, site, name, settings.name, lambda: _note(settings, f"node {name} let in")
        ),
        time.monotonic,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # a person reads this terminal
    with Door(enrolment, Tls(str(broker.certificate), str(broker.key)), options.listen, options.port) as door:
        _invite(name, code, ready, door.port)
        return _wait(name, enrolment)


def _invite(name: str, code: str, ready: Ready, port: int) -> None:
    """Say where and what to type, in words and as a drawing."""
    from vigie_contract.enrolment import shown_code
    from vigie_dashboard.qr import terminal_drawing
    from vigie_gateway.nodes.invitation import address_to_type

    host = address_to_type(ready.names)
    where = f"[{host}]" if ":" in host else host
    typed = f"{shown_code(code)}@{where}" + ("" if port == PORT else f":{port}")
    print(f"On the node {name}, within ten minutes, once:\n\n    sudo vigie-sensors enrol {typed}\n")
    print("or type it into the node's own page, or scan it:\n")
    print(terminal_drawing(typed), flush=True)


def _wait(name: str, enrolment: Enrolment) -> int:
    """Until the node has said whether it is heard; returns the exit code."""
    from vigie_gateway.commands.terminal import fail
    from vigie_gateway.nodes.enrolment import Stage

    trouble = ""
    while enrolment.stage is Stage.WAITING and enrolment.left_s():
        print(f"waiting: the code holds for another {enrolment.left_s() / 60:.0f} min", flush=True)
        enrolment.wait(min(LOOK_S, enrolment.left_s()))
        if enrolment.trouble != trouble:
            trouble = enrolment.trouble
            fail(0, f"a node showed the code, but: {trouble}")
    if enrolment.stage is Stage.WAITING:
        wrong = f"; {enrolment.tries} wrong codes were shown" if enrolment.tries else ""
        return fail(EXIT_REFUSED, f"no node came within ten minutes{wrong}: type the command again for another code")
    print(f"{name} ({enrolment.software}, {enrolment.address}) has its credential", flush=True)
    if enrolment.stage is Stage.HANDED:
        enrolment.wait(TOLD_WITHIN_S)
    if enrolment.stage is Stage.HANDED:
        return fail(EXIT_REFUSED, f"{name} has not said whether the gateway hears it: see vigie-gateway node list")
    if not enrolment.is_heard:
        return fail(EXIT_REFUSED, f"{name} came in, but is not heard: {enrolment.detail or 'it does not say why'}")
    print(f"{name} is heard: the gateway has acknowledged what it sent")
    return 0


def _names(settings: Settings, broker: Broker) -> list[str]:
    """Of the nodes: neither of the gateway's own users is one."""
    from vigie_gateway.nodes.admission import nodes_of

    ours = {settings.broker.username, settings.devices.username}
    return [name for name in nodes_of(broker) if name not in ours]


def _update(options: argparse.Namespace, broker: Broker) -> int:
    from vigie_gateway.api.serving import Tls
    from vigie_gateway.commands.terminal import fail
    from vigie_gateway.nodes.door import OpenPort
    from vigie_gateway.nodes.offer import MANIFEST, OfferError, application, read_offer

    try:
        offer = read_offer(options.folder)
    except OfferError as error:
        return fail(EXIT_REFUSED, str(error))
    if broker.certificate is None:
        return fail(
            EXIT_REFUSED, f"{broker.config}: the broker has no listener with TLS, whose certificate nodes trust"
        )

    def say(address: str, path: str) -> None:
        if path in {MANIFEST, offer.last}:
            print(f"{address} {'asked' if path == MANIFEST else f'has fetched {offer.version}'}", flush=True)

    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    tls = Tls(str(broker.certificate), str(broker.key))
    with OpenPort(application(offer, say), tls, options.listen, options.port) as opened:
        print(f"version {offer.version} is offered on port {opened.port}; each node asks once an hour", flush=True)
        while True:
            time.sleep(LOOK_S)


def _list(settings: Settings, broker: Broker) -> int:
    from vigie_gateway.doctor import running

    names = _names(settings, broker)
    try:
        said = running.ask(settings.http)["parts"].get("nodes", {}).get("by_id", {})
        why = ""
    except (running.NoGatewayError, running.UntoldError) as error:
        said, why = {}, str(error)
    for name in names:
        print(f"{name}\t{_standing(said.get(name), why)}")
    return 0


def _standing(node: dict[str, Any] | None, why: str) -> str:
    if why:
        return f"not known whether it is heard: {why}"
    if node is None:
        return "not heard since the gateway started"
    state = _PRESENCE[node.get("is_online")]
    return f"{state}, {node.get('channels')} channels, {node.get('software') or 'has not said what it is'}"


def _revoke(options: argparse.Namespace, settings: Settings, broker: Broker, site: str) -> int:
    from vigie_gateway.commands.terminal import fail
    from vigie_gateway.nodes.admission import put_out

    began_mono = time.monotonic()
    if not put_out(broker, site, options.name):
        known = ", ".join(_names(settings, broker)) or "none"
        return fail(EXIT_REFUSED, f"there is no node {options.name}: the nodes are {known}")
    took_s = time.monotonic() - began_mono
    _note(settings, f"node {options.name} put out")
    print(f"{options.name} is out: its password does not hold any more and its connection has ended ({took_s:.1f} s)")
    return 0


def _note(settings: Settings, what: str) -> None:
    """Into the audit list, where the gateway has made it; that it cannot be written is said and stops nothing."""
    from vigie_contract.clock import SystemClock
    from vigie_gateway.auth.accounts import AccountError, Accounts
    from vigie_gateway.commands.terminal import fail

    path = settings.accounts_path()
    try:
        if not path.exists():
            return
        accounts = Accounts(path)
        try:
            accounts.note(f"command line ({os.environ.get('SUDO_USER') or os.getuid()})", what, SystemClock().now_ts())
        finally:
            accounts.close()
    except (AccountError, OSError) as error:
        fail(0, f"not in the audit list: {error}")
