"""``[[nodes]]`` of the site file."""

from __future__ import annotations

import pytest

from vigie_gateway.place.site import read_site

PLACE = """
id = "here"
name = "Here"
timezone = "Europe/Paris"
rooms = [{ id = "hall", name = "Hall", seats = 9 }]
circuits = [{ id = "c1", name = "C1" }]
"""


def test_a_node_says_what_feeds_it_and_where_it_stands() -> None:
    site, problems = read_site("s", PLACE + '[[nodes]]\nid = "desk"\ncircuit = "c1"\nroom = "hall"\n')
    assert (site is not None, problems) == (True, [])
    assert site is not None
    assert [(node.id, node.circuit, node.room, node.name) for node in site.nodes] == [("desk", "c1", "hall", None)]


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('id = "desk"\ncircuit = "c9"', "nodes[0].circuit"),
        ('id = "desk"\nroom = "attic"', "nodes[0].room"),
        ('id = "desk"\n[[nodes]]\nid = "desk"', "nodes[1].id"),
        ('id = "Desk!"', "nodes[0].id"),
        ('id = "desk"\nfuse = "c1"', "nodes[0].fuse"),
    ],
)
def test_what_does_not_hold_is_told_by_its_key(lines: str, key: str) -> None:
    site, problems = read_site("s", f"{PLACE}[[nodes]]\n{lines}\n")
    assert site is None
    assert [problem.key for problem in problems] == [key]
