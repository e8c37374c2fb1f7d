"""Templates of devices: what is understood is reckoned, the rest is refused, and nothing takes for ever."""

import json
import resource
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from vigie_gateway.devices.template.syntax import MAX_TEMPLATE_CHARACTERS, Template
from vigie_gateway.devices.template.values import (
    MAX_STEPS,
    MAX_TEXT_CHARACTERS,
    MISSING,
    AbsentError,
    Run,
    TemplateError,
    text_of,
)


def said(template: str, message: str) -> Any:
    try:
        value_json = json.loads(message)
    except ValueError:
        value_json = MISSING
    return Template(template).value(Run(message, value_json))


@pytest.mark.parametrize(
    ("template", "message", "expected"),
    [
        ("{{ value_json.temperature}}", '{"temperature": 21.5}', 21.5),
        ('{{ value_json["a"]["b"] }}', '{"a": {"b": 3}}', 3),
        ("{{ value_json.list[1] }}", '{"list": [1, 2]}', 2),
        ("{{ value }}", "plain", "plain"),
        ("{{ value|float|round(1) }}", "21.27", 21.3),
        ("{{ value | int }}", "7.9", 7),
        ("{{ value | int(base=16) }}", "ff", 255),
        ("{{ value_json.x | float(0) }}", "{}", 0),
        ("{{ value_json.x | default('none') }}", "{}", "none"),
        ("{{ (value_json.voltage | float / 1000) | round(2) }}", '{"voltage": "3015"}', 3.02),
        ("{{ value_json.t * 9 / 5 + 32 }}", '{"t": 20}', 68.0),
        ("{{ '%0.1f' | format(value | float) }}", "21.27", "21.3"),
        ("{{ '%.2f' % value_json.x }}", '{"x": 1}', "1.00"),
        ("{{ '{:.2f}'.format(value_json.x) }}", '{"x": 1}', "1.00"),
        ("{{ iif(value_json.s == 'ON', 1, 0) }}", '{"s": "ON"}', 1),
        ("{{ 'ON' if value_json.n > 5 else 'OFF' }}", '{"n": 6}', "ON"),
        ("{%if value_json['update'].x==true%}ON{%else%}OFF{%endif%}", '{"update": {"x": false}}', "OFF"),
        ("{% if value == 'a' %}1{% elif value == 'b' %}2{% endif %}", "b", "2"),
        ("{% set v = value.split(',') %}{{ v[1] }}", "1,2", "2"),
        ("{% set w = {None: None, 'idle': 'rest'} %}{{ w[value_json.r] }}", '{"r": "idle"}', "rest"),
        ("{% for one in value_json %}{{ one }};{% endfor %}", "[1, 2, 3]", "1;2;3;"),
        ("{% for k, v in value_json.items() %}{{ k }}={{ v }} {% endfor %}", '{"a": 1, "b": 2}', "a=1 b=2"),
        ("{{ value_json.a.get('b', 'null') }}", '{"a": {}}', "null"),
        ("{{ (value_json.s == 'x') | lower }}", '{"s": "x"}', "true"),
        ("{{ value[2:4] }}", "abcdef", "cd"),
        ("{{ value.replace('W', '') | trim }}", "12 W", "12"),
        ("{{ value_json.a ~ '-' ~ value_json.b }}", '{"a": 1, "b": 2}', "1-2"),
        ("{{ value_json.values_ | sum }}", '{"values_": [1, 2.5]}', 3.5),
        ("{{ value_json | length }}", "[1, 2, 3]", 3),
        ("{{ 'a' in value_json and value_json.a is not none }}", '{"a": 1}', True),
        ("{{ value_json.on is eq 1 }}", '{"on": 1}', True),
        ("{{ value_json.u | tojson }}", '{"u": {"a": 1}}', '{"a": 1}'),
        ("{# a remark #}{{ -value_json.p }}", '{"p": 5}', -5),
        ("{{ 2 ** 3 }}", "", 8.0),
        ("W: {{ value }}", "5", "W: 5"),
        ("{% for a in value_json if a > 1 %}{{ loop.index }}{{ a }} {% endfor %}", "[1, 2, 3]", "12 23"),
        ("{% for a in value_json %}x{% else %}none{% endfor %}", "[]", "none"),
        (
            "{% set n = namespace(t=0) %}{% for a in value_json %}{% set n.t = n.t + a %}{% endfor %}{{ n.t }}",
            "[1, 2]",
            "3",
        ),
        ("{{ value_json | map(attribute='w.v') | sum }}", '[{"w": {"v": 1}}, {"w": {"v": 2}}]', 3),
        ("{{ value_json | selectattr('id', 'eq', 2) | map(attribute='v') | first }}", '[{"id": 2, "v": 9}]', 9),
        ("{{ value_json | rejectattr('off') | list | length }}", '[{"off": true}, {}]', 1),
        ("{{ value.split(';') | map('float') | max }}", "1;2.5", 2.5),
        ("{{ sqrt(value | float) }}", "9", 3.0),
        ("{% if value_json.a is defined %}{{ value_json.a }}{% else %}{{ this.state }}{% endif %}", '{"a": 1}', 1),
        ("plain text", "5", "plain text"),
    ],
)
def test_a_template_says_what_home_assistant_would_say(template: str, message: str, expected: Any) -> None:
    assert said(template, message) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.a.b }}",
        "{{ value_json.a | is_defined }}",
        "{{ value_json.a | float }}",
        "{{ value_json.a / 10 }}",
        "{{ value_json.a > 5 }}",
        "{{ value_json.a.get('b') }}",
        "{{ value_json.a[0:2] }}",
        "{% if value_json.a is defined %}{{ value_json.a }}{% else %}{{ this.state }}{% endif %}",
    ],
)
def test_what_the_message_does_not_hold_is_absent_and_no_fault(template: str) -> None:
    with pytest.raises(AbsentError):
        said(template, "{}")


def test_a_key_that_is_not_there_is_missing_and_a_message_that_is_no_json_too() -> None:
    assert said("{{ value_json.a }}", "{}") is MISSING
    assert said("{{ value_json.a | default(4) }}", "{}") == 4
    with pytest.raises(AbsentError):
        said("{{ value_json.a }}", "no json")
    assert said("{% if value_json.a %}x{% endif %}", "{}") == ""


HOSTILE = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].system('id') }}",
    "{{ value['__class__'] }}",
    "{{ value | attr('__class__') }}",
    "{{ '{0.__class__}'.format(value) }}",
    "{{ ''.join.__self__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ namespace.__init__ }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os }}",
    "{% extends value %}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% for a in range(9999999999) %}x{% endfor %}",
    "{% for a in range(99) %}{% for b in range(99) %}{% for c in range(99) %}x{% endfor %}{% endfor %}{% endfor %}",
    "{{ 'a' * 999999999 }}",
    "{{ 9 ** 9 ** 9 ** 9 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ 'a' | center(999999999) }}",
    "{% set a = 'aaaaaaaaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "{% set a = [1] %}{% set b = [1] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 20 + "{{ a == b }}",
    "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
    "{{ value | replace('', value) | replace('', value) | replace('', value) }}",
    "{{ " + "value" + " + value" * 400 + " }}",
    "{% set value = 1 %}{{ value }}",
    "{{ " + "not " * 450 + "value }}",
    "{{ " + "-" * 390 + "value }}",
    "{% set n = namespace(a=1) %}{% set n.a = n %}{{ n == n }}",
    "{% set value_json.x = 1 %}{{ value_json }}",
    "{% set n = namespace(a=0) %}{% for a in range(99) %}{% for b in value %}{% set n.a = a %}{% endfor %}{% endfor %}",
    "{{ value_json | map('replace', '', value) | list }}",
    "{{ states('sensor.other') }}",
    "{{ now() }}",
    "x" * (MAX_TEMPLATE_CHARACTERS + 1),
    "{{ '" + "%s" * 500 + "' % value }}",
    "{% for a in value %}{% for b in value %}{{ value | upper }}{% endfor %}{% endfor %}",
)


@pytest.mark.parametrize("template", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_template_is_refused_within_its_steps_and_four_kilobytes(template: str) -> None:
    soft = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run = Run("a" * 4_000, ["a" * 100] * 40)
    with pytest.raises(TemplateError):
        Template(template).value(run)
    assert run.steps <= MAX_STEPS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - soft < 20_000


@given(st.text(max_size=200))
def test_any_text_is_a_template_or_is_refused(text: str) -> None:
    try:
        outcome = Template(text).value(Run("1", {"a": 1}))
    except TemplateError:
        return
    assert len(text_of(outcome)) <= max(MAX_TEXT_CHARACTERS, len(text))


_PIECES = st.sampled_from(
    (
        *(
            "value",
            "value_json",
            ".a",
            "[0]",
            " | float",
            " | int(1)",
            " | round(2)",
            " + ",
            " ~ ",
            " * ",
            " == ",
            "'x'",
        ),
        *(
            "3",
            " if ",
            " else ",
            "(",
            ")",
            " | default(0)",
            ".get('a')",
            ".split(',')",
            " % ",
            " in ",
            "[1:2]",
            " | max",
        ),
    )
)


_HOME_ASSISTANT = frozenset({" | float", " | int(1)", " | round(2)", " | max"})
"""Filters that Home Assistant gave another meaning, or that Jinja reckons by what is no number."""


@given(st.lists(_PIECES, max_size=14), st.sampled_from(['{"a": 1}', "[1, 2]", "text", "12.5", '{"a": {"a": "1,2"}}']))
def test_any_expression_says_something_or_is_refused(pieces: list[str], message: str) -> None:
    try:
        said("{{ " + "".join(pieces) + " }}", message)
    except TemplateError:
        return


def test_two_templates_of_one_text_are_equal() -> None:
    assert Template("{{ value }}") == Template("{{ value }}")
    assert len({Template("{{ value }}"), Template("{{ value }}"), Template("{{ value_json }}")}) == 2


@given(
    st.lists(_PIECES.filter(lambda piece: piece not in _HOME_ASSISTANT), max_size=14),
    st.sampled_from(['{"a": 1}', "[1, 2]", "text", "12.5", '{"a": {"a": "1,2"}}', '{"a": [true, null, 1.50]}']),
)
@example(["value", " % ", "3"], "12.5")
@example(["value_json", ".a", "[1:2]", " ~ ", "'x'"], '{"a": [true, null, 1.50]}')
def test_what_is_understood_says_what_jinja_would_have_rendered(pieces: list[str], message: str) -> None:
    template = "{{ " + "".join(pieces) + " }}"
    try:
        ours = text_of(said(template, message))
    except TemplateError:
        return  # refused, or absent
    try:
        names = {"value": message, "value_json": json.loads(message)}
    except ValueError:
        names = {"value": message}
    assert ours == SandboxedEnvironment().from_string(template).render(names).strip()
