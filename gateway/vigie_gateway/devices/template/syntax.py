"""A template's text into what evaluates it: Jinja's parser, and an allow-list of its nodes.

Called when a device announces an entity; the compiled template is then run for each of its messages. This is the one
module of the gateway's reading side that imports Jinja, and only its parser: ``Environment.parse`` reads text into a
tree and executes nothing. Each kind of node that may stand in a template has one function here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

from vigie_gateway.devices.template.values import (
    ARITHMETIC,
    MISSING,
    AbsentError,
    Run,
    Space,
    TemplateError,
    bounded,
    compared,
    is_true,
    item_of,
    joined_texts,
    size_of,
    text_of,
)
from vigie_gateway.devices.template.words import COMPARISONS, FILTERS, FUNCTIONS, METHODS, TESTS, Word

MAX_TEMPLATE_CHARACTERS = 2_048
"""Of a template's text. Lower refuses long tables of words; higher lets one announcement cost milliseconds."""
MAX_DEPTH = 24
"""Brackets within brackets. Lower refuses nothing seen so far (the deepest has 4); higher nears Python's own limit."""
MAX_NODES = 400
"""Parts of a template. Lower refuses long if chains; higher costs memory for each entity."""

Step = Callable[[Run], Any]
"""Evaluates one part."""

_PARSER = Environment(autoescape=True)  # never renders; the flag is for readers who search for its absence


class Template:
    """A template that was understood.

    Attributes:
        source: Its text.
    """

    __slots__ = ("_body", "source")

    def __init__(self, source: str) -> None:
        """Read a template.

        Raises:
            TemplateError: It is too long, no template at all, or asks for what is not on the list.
        """
        self.source = source
        try:
            reader = _Reader()
            self._body: list[Step] = [reader.statement(one) for one in _parsed(source.strip()).body]
        except RecursionError as error:
            raise TemplateError("its parts stand too deep within each other") from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def value(self, run: Run) -> Any:
        """What it says of a message.

        Args:
            run: Over the message's ``value`` and ``value_json``; takes its steps.

        Returns:
            The value itself where the template is a single expression, else the text that it makes.

        Raises:
            AbsentError: The message does not hold what is asked for.
            TemplateError: It cannot be reckoned, or takes too much.
        """
        try:
            found = self._body[0](run) if len(self._body) == 1 else _joined(run, self._body)
        except RecursionError as error:
            raise TemplateError("its parts stand too deep within each other") from error
        return found.strip() if isinstance(found, str) else found


def _parsed(source: str) -> nodes.Template:
    if len(source) > MAX_TEMPLATE_CHARACTERS:
        raise TemplateError(f"it has more than {MAX_TEMPLATE_CHARACTERS} characters")
    depth = deepest = 0
    for one in source:
        depth += (one in "([{") - (one in ")]}")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise TemplateError(f"it has more than {MAX_DEPTH} brackets within brackets")
    try:
        return _PARSER.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateError(f"it is no template: {error.message}") from error
    except (ValueError, OverflowError) as error:
        raise TemplateError("it is no template") from error


def _joined(run: Run, steps: list[Step]) -> str:
    written = [text_of(step(run)) for step in steps]
    text = joined_texts(written)
    run.spend(text)
    return text


def _picked(run: Run, value: Any, key: Any) -> Any:
    run.spend()
    return item_of(value, key)


def _as_it_was(_: Run) -> Any:
    """``this.state``: the entity stays as it was, so that the message says nothing of it."""
    raise AbsentError("it stays as it was")


def _named(run: Run, targets: list[str], one: Any) -> bool:
    """Give the names of a loop to one round's item; always True."""
    run.spend()
    parts = one if len(targets) > 1 else [one]
    if not isinstance(parts, (list, tuple)) or len(parts) != len(targets):
        raise TemplateError("a loop over what does not fit its names")
    run.names.update(zip(targets, parts, strict=True))
    return True


class _Reader:
    """Turns nodes into steps, and counts them."""

    def __init__(self) -> None:
        self._left = MAX_NODES
        self._known = {"value", "value_json"}

    def statement(self, node: nodes.Node) -> Step:
        """Of what stands between texts."""
        self._count()
        found = _STATEMENTS.get(type(node))
        if found is None:
            raise TemplateError(f"{type(node).__name__} is not understood")
        return found(self, node)

    def expression(self, node: nodes.Node) -> Step:
        """Of what has a value."""
        self._count()
        found = _EXPRESSIONS.get(type(node))
        if found is None:
            raise TemplateError(f"{type(node).__name__} is not understood")
        return found(self, node)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TemplateError(f"it has more than {MAX_NODES} parts")

    # Statements.

    def output(self, node: nodes.Output) -> Step:
        steps = [self.expression(one) for one in node.nodes]
        return steps[0] if len(steps) == 1 else lambda run: _joined(run, steps)

    def block(self, body: list[nodes.Node]) -> Step:
        steps = [self.statement(one) for one in body]
        return steps[0] if len(steps) == 1 else lambda run: _joined(run, steps)

    def condition(self, node: nodes.If) -> Step:
        branches = [(self.expression(one.test), self.block(one.body)) for one in (node, *node.elif_)]
        otherwise = self.block(node.else_)

        def choose(run: Run) -> Any:
            run.spend()
            for test, body in branches:
                if is_true(test(run)):
                    return body(run)
            return otherwise(run)

        return choose

    def assignment(self, node: nodes.Assign) -> Step:
        if isinstance(node.target, nodes.NSRef):
            return self._kept(node.target, self.expression(node.node))
        if not isinstance(node.target, nodes.Name) or node.target.name in {"value", "value_json"}:
            raise TemplateError("an assignment to other than a plain name")
        value, name = self.expression(node.node), node.target.name
        self._known.add(name)

        def assign(run: Run) -> str:
            run.spend()
            run.names[name] = value(run)
            return ""

        return assign

    def _kept(self, target: nodes.NSRef, value: Step) -> Step:
        """``{% set ns.total = ... %}``: what outlives a loop, of a name that ``namespace()`` was given to."""
        name, attr = target.name, target.attr
        if name not in self._known or name in {"value", "value_json"}:
            raise TemplateError("an assignment to other than a namespace")

        def keep(run: Run) -> str:
            run.spend()
            space, found = run.names.get(name), value(run)
            if not isinstance(space, Space) or isinstance(found, (list, tuple, dict)):
                raise TemplateError("a namespace holds plain values, and only what was made one is one")
            space[attr] = found
            return ""

        return keep

    def loop(self, node: nodes.For) -> Step:
        if node.recursive:
            raise TemplateError("a loop within itself is not understood")
        items = self.expression(node.iter)
        targets = self._targets(node.target)
        self._known.update(targets, {"loop"})
        test = self.expression(node.test) if node.test is not None else lambda _: True
        body, otherwise = self.block(node.body), self.block(node.else_)

        def repeat(run: Run) -> str:
            outer, written = dict(run.names), []
            found = [one for one in FILTERS["list"](items(run)) if _named(run, targets, one) and is_true(test(run))]
            for at, one in enumerate(found):
                _named(run, targets, one)
                ends = {"first": at == 0, "last": at == len(found) - 1, "length": len(found)}
                run.names["loop"] = {"index": at + 1, "index0": at, **ends}
                written.append(text_of(body(run)))
            run.names = outer  # what a loop sets ends with it, as in Jinja
            return joined_texts(written) if found else text_of(otherwise(run))

        return repeat

    def _targets(self, target: nodes.Node) -> list[str]:
        names = target.items if isinstance(target, nodes.Tuple) else [target]
        found = [one.name for one in names if isinstance(one, nodes.Name)]
        if len(found) != len(names) or {"value", "value_json"} & set(found):
            raise TemplateError("a loop with other than plain names")
        return found

    # Expressions.

    def text(self, node: nodes.TemplateData) -> Step:
        data = node.data
        return lambda _: data

    def constant(self, node: nodes.Const) -> Step:
        value = bounded(node.value)
        return lambda _: value

    def name(self, node: nodes.Name) -> Step:
        name = node.name
        if name not in self._known:
            raise TemplateError(f"the name {name[:40]!r} is not understood")
        return lambda run: run.names.get(name, MISSING)

    def attribute(self, node: nodes.Getattr) -> Step:
        if isinstance(node.node, nodes.Name) and node.node.name == "this" and node.attr == "state":
            return _as_it_was
        return self._item(node.node, node.attr)

    def item(self, node: nodes.Getitem) -> Step:
        if isinstance(node.arg, nodes.Slice):
            return self._slice(node.node, node.arg)
        if isinstance(node.arg, nodes.Const):
            return self._item(node.node, node.arg.value)
        value, key = self.expression(node.node), self.expression(node.arg)
        return lambda run: _picked(run, value(run), key(run))

    def _item(self, node: nodes.Node, key: Any) -> Step:
        if isinstance(key, str) and key.startswith("__"):
            raise TemplateError(f"the name {key[:40]!r} is not understood")
        value = self.expression(node)
        return lambda run: _picked(run, value(run), key)

    def _slice(self, node: nodes.Node, part: nodes.Slice) -> Step:
        value = self.expression(node)
        ends = [None if one is None else self.expression(one) for one in (part.start, part.stop, part.step)]

        def cut(run: Run) -> Any:
            whole, at = value(run), [None if one is None else one(run) for one in ends]
            if whole is MISSING:
                raise AbsentError("a part of something that is not there")
            if not isinstance(whole, (str, list, tuple)) or not all(one is None or type(one) is int for one in at):
                raise TemplateError("a part of what has none")
            if at[2] == 0:
                raise TemplateError("a part of what has none")
            return whole[slice(*at)]

        return cut

    def choice(self, node: nodes.CondExpr) -> Step:
        test, yes = self.expression(node.test), self.expression(node.expr1)
        no = self.expression(node.expr2) if node.expr2 is not None else lambda _: MISSING

        def choose(run: Run) -> Any:
            run.spend()
            return yes(run) if is_true(test(run)) else no(run)

        return choose

    def comparison(self, node: nodes.Compare) -> Step:
        first = self.expression(node.expr)
        others = [(one.op, self.expression(one.expr)) for one in node.ops]

        def compare(run: Run) -> bool:
            left = first(run)
            for how, expression in others:
                run.spend(left)
                right = expression(run)
                if not compared(how, left, right):
                    return False
                left = right
            return True

        return compare

    def arithmetic(self, node: nodes.BinExpr) -> Step:
        reckon = ARITHMETIC[_WORDS[type(node)]]
        left, right = self.expression(node.left), self.expression(node.right)

        def apply(run: Run) -> Any:
            found = reckon(left(run), right(run))
            run.spend(found)
            return found

        return apply

    def both(self, node: nodes.And) -> Step:
        left, right = self.expression(node.left), self.expression(node.right)
        return lambda run: left(run) and right(run)

    def either(self, node: nodes.Or) -> Step:
        left, right = self.expression(node.left), self.expression(node.right)
        return lambda run: left(run) or right(run)

    def negation(self, node: nodes.Not) -> Step:
        value = self.expression(node.node)
        return lambda run: not is_true(value(run))

    def minus(self, node: nodes.Neg) -> Step:
        value, reckon = self.expression(node.node), ARITHMETIC["sub"]
        return lambda run: reckon(0, value(run))

    def plus(self, node: nodes.Pos) -> Step:
        value, reckon = self.expression(node.node), ARITHMETIC["add"]
        return lambda run: reckon(0, value(run))

    def joined(self, node: nodes.Concat) -> Step:
        steps = [self.expression(one) for one in node.nodes]
        return lambda run: _joined(run, steps)

    def list_of(self, node: nodes.List | nodes.Tuple) -> Step:
        steps = [self.expression(one) for one in node.items]
        make = tuple if isinstance(node, nodes.Tuple) else list

        def put_together(run: Run) -> Any:
            found = make(step(run) for step in steps)
            run.spend(found)
            size_of(found)
            return found

        return put_together

    def object_of(self, node: nodes.Dict) -> Step:
        pairs = [(self.expression(one.key), self.expression(one.value)) for one in node.items]

        def make(run: Run) -> dict[Any, Any]:
            run.spend(pairs)
            keys = [key(run) for key, _ in pairs]
            if not all(isinstance(key, (str, int, float, bool, type(None))) for key in keys):
                raise TemplateError("an object with a key that is none")
            found = {key: value(run) for key, (_, value) in zip(keys, pairs, strict=True)}
            size_of(found)
            return found

        return make

    def filtered(self, node: nodes.Filter) -> Step:
        if node.node is None:
            raise TemplateError("a filter without a value is not understood")
        return self._word(node, FILTERS, node.name, self.expression(node.node))

    def test(self, node: nodes.Test) -> Step:
        if node.name in COMPARISONS:
            if len(node.args) != 1:
                raise TemplateError(f"the test {node.name[:40]!r} takes one value")
            left, right, how = self.expression(node.node), self.expression(node.args[0]), COMPARISONS[node.name]
            return lambda run: compared(how, left(run), right(run))
        return self._word(node, TESTS, node.name, self.expression(node.node))

    def call(self, node: nodes.Call) -> Step:
        if isinstance(node.node, nodes.Getattr):
            return self._word(node, METHODS, node.node.attr, self.expression(node.node.node))
        if isinstance(node.node, nodes.Name) and node.node.name not in self._known:
            return self._word(node, FUNCTIONS, node.node.name, None)
        raise TemplateError("a call of what is no function")

    def _word(self, node: Any, words: dict[str, Word], name: str, value: Step | None) -> Step:
        word = words.get(name)
        if word is None:
            raise TemplateError(f"{type(node).__name__.lower()} {name[:40]!r} is not understood")
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise TemplateError("arguments out of a list are not understood")
        steps = ([] if value is None else [value]) + [self.expression(one) for one in node.args]
        named = {one.key: self.expression(one.value) for one in node.kwargs}

        def apply(run: Run) -> Any:
            given = [step(run) for step in steps]
            run.spend(given[0] if given else None)
            try:
                return word(*given, **{key: step(run) for key, step in named.items()})
            except (TypeError, ValueError, OverflowError, ArithmeticError) as error:
                raise TemplateError(f"{name} of what does not suit it") from error

        return apply


_WORDS: dict[type[nodes.BinExpr], str] = {
    nodes.Add: "add",
    nodes.Sub: "sub",
    nodes.Mul: "mul",
    nodes.Div: "div",
    nodes.FloorDiv: "floordiv",
    nodes.Mod: "mod",
    nodes.Pow: "pow",
}

_STATEMENTS: dict[type[nodes.Node], Callable[[_Reader, Any], Step]] = {
    nodes.Output: _Reader.output,
    nodes.If: _Reader.condition,
    nodes.Assign: _Reader.assignment,
    nodes.For: _Reader.loop,
}

_EXPRESSIONS: dict[type[nodes.Node], Callable[[_Reader, Any], Step]] = {
    nodes.TemplateData: _Reader.text,
    nodes.Const: _Reader.constant,
    nodes.Name: _Reader.name,
    nodes.Getattr: _Reader.attribute,
    nodes.Getitem: _Reader.item,
    nodes.CondExpr: _Reader.choice,
    nodes.Compare: _Reader.comparison,
    **dict.fromkeys(_WORDS, _Reader.arithmetic),
    nodes.And: _Reader.both,
    nodes.Or: _Reader.either,
    nodes.Not: _Reader.negation,
    nodes.Neg: _Reader.minus,
    nodes.Pos: _Reader.plus,
    nodes.Concat: _Reader.joined,
    nodes.List: _Reader.list_of,
    nodes.Tuple: _Reader.list_of,
    nodes.Dict: _Reader.object_of,
    nodes.Filter: _Reader.filtered,
    nodes.Test: _Reader.test,
    nodes.Call: _Reader.call,
}
