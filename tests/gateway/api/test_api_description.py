"""What the OpenAPI description says is what is done: of every operation, by every caller, whatever the parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from tests.gateway.api.conftest import Served, Visitor
from tests.gateway.conftest import Bench
from tests.gateway.routes import addressed, roles_of

from vigie_contract.readings import Reading
from vigie_gateway.auth.roles import Role

EXAMPLES = 20
"""Of each operation, caller and kind of parameters, every day; five times as many with the slow ones."""
STREAM = "/events"
_AUTH: list[Any] = [ignored_auth]
"""It takes our own session for one that it made up; ``test_api_guard`` goes through every role itself."""
_LEFT_OUT: dict[str, list[Any]] = {
    "/healthz": [*_AUTH, schemathesis.checks.not_a_server_error],
    "/api/v1/check": [*_AUTH, positive_data_acceptance],
}
"""Where nothing runs the ingest, the health report is rightly of a gateway that fails; and no schema can say which
rooms and activities there are, and what time it is."""
CALLERS: dict[str, Callable[[Served], Visitor]] = {
    "public": lambda served: served.visitor(),
    "concierge": lambda served: served.staff(Role.CONCIERGE),
    "admin": lambda served: served.staff(Role.ADMIN),
    "token": lambda served: served.visitor(authorization=f"Bearer {token_of(served)}"),
}


def token_of(served: Served) -> str:
    accounts, now_ts = served.bench.gateway.access.accounts, served.bench.clock.now
    return accounts.add_token("program", "read", now_ts + 3600, "test", now_ts)


@pytest.fixture
def lived_in(served: Served) -> Served:
    """With some readings, so that answers have something in them."""
    bench = served.bench
    bench.declare()
    now_ts = bench.clock.now
    readings = [Reading("linky-va", now_ts - 50 + 10 * number, 100.0 * number) for number in range(5)]
    bench.send(*readings, first=1)
    bench.commit()
    return served


def document_of(served: Served) -> dict[str, Any]:
    answer = served.staff(Role.CONCIERGE).get("/api/v1/openapi.json")
    assert answer.status == 200
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_every_route_for_programs_is_described_with_its_roles_and_no_other(bench: Bench, served: Served) -> None:
    routes = {
        (method, path): sorted(roles)
        for (method, path), roles in roles_of(bench).items()
        if path.startswith("/api/") or path in {STREAM, "/healthz", "/metrics"}
    }
    described = {
        (method.upper(), path): sorted(operation["x-roles"])
        for path, operations in document_of(served)["paths"].items()
        for method, operation in operations.items()
    }
    assert described == routes
    assert len(described) >= 8


def test_every_refusal_is_described_as_a_problem_document(served: Served) -> None:
    document = document_of(served)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            told = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
            assert {"405", "421", "500", "503"} <= told.keys(), path
            assert ({"401", "403"} <= told.keys()) == ("public" not in operation["x-roles"]), path
            for status, answer in told.items():
                assert "application/problem+json" in answer["content"] or (path, status) == ("/healthz", "503")
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "detail"]


def _answers_conform(served: Served, caller: str, mode: GenerationMode, examples: int) -> None:
    visitor = CALLERS[caller](served)
    schema = schemathesis.openapi.from_dict(document_of(served))
    asked = set()
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr] # an error has none, and fails here
        if operation.path == STREAM:
            continue  # a stream has no end; see below
        if mode is GenerationMode.NEGATIVE and not operation.definition.raw.get("parameters"):
            continue  # nothing to be wrong

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=examples == EXAMPLES,
            suppress_health_check=list(HealthCheck),
        )
        def conforms(case: schemathesis.Case[Any]) -> None:
            answer = case.call(base_url=f"http://127.0.0.1:{served.port}", headers=visitor.headers)
            case.validate_response(answer, excluded_checks=_LEFT_OUT.get(case.path, _AUTH))
            asked.add(case.path)

        conforms()
    assert len(asked) >= (7 if mode is GenerationMode.POSITIVE else 1)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("caller", ["public", "admin"])
def test_every_answer_is_as_described(lived_in: Served, caller: str, mode: GenerationMode) -> None:
    _answers_conform(lived_in, caller, mode, EXAMPLES)


@pytest.mark.long
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("caller", CALLERS)
def test_every_answer_is_as_described_with_many_parameters(lived_in: Served, caller: str, mode: GenerationMode) -> None:
    _answers_conform(lived_in, caller, mode, 5 * EXAMPLES)


def test_the_stream_is_of_the_type_that_is_described(served: Served) -> None:
    described = document_of(served)["paths"][STREAM]["get"]["responses"]["200"]["content"]
    connection = served.staff(Role.CONCIERGE).open("GET", STREAM)
    answer = connection.getresponse()
    assert str(answer.headers["content-type"]).partition(";")[0] in described
    answer.close()
    connection.close()
    assert served.visitor().get(STREAM).status == 401


@pytest.mark.parametrize("role", Role)
def test_no_route_answers_a_method_that_it_does_not_have(bench: Bench, served: Served, role: Role) -> None:
    visitor = served.visitor() if role is Role.PUBLIC else served.staff(role)
    table = roles_of(bench)
    own: dict[str, set[str]] = {}
    for method, path in table:
        own.setdefault(path, set()).add(method)
    for path, methods in own.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} - methods:
            answer = visitor.ask(method, addressed(path))
            assert answer.status == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) <= methods
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("role", Role)
def test_head_is_answered_like_get_without_its_body(bench: Bench, served: Served, role: Role) -> None:
    visitor = served.visitor() if role is Role.PUBLIC else served.staff(role)
    for method, path in roles_of(bench):
        if method == "GET" and path != STREAM:
            of_get, of_head = visitor.get(addressed(path)), visitor.ask("HEAD", addressed(path))
            assert (of_head.status, of_head.body) == (of_get.status, b""), path
            assert of_head.headers["content-type"] == of_get.headers["content-type"]
