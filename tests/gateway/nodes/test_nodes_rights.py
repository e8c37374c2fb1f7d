"""The rights of nodes are bound to the site, and can be told from those that a person wrote."""

from __future__ import annotations

import pytest
from tests.systemd.shipped_broker import SHIPPED

from vigie_contract.errors import ContractError
from vigie_gateway.nodes.rights import OWN_LINES, bound, named_users, renewed, shipped_part, sites_of, unbound

RIGHTS = (SHIPPED / "vigie.acl").read_text()


def test_shipped_rights_are_bound_and_are_the_shipped_ones_again() -> None:
    ours = bound(RIGHTS, "lieu")
    assert "pattern write vigie/1/lieu/%u/data" in ours
    assert unbound(ours) == RIGHTS
    assert [*sites_of(RIGHTS), *sites_of(ours), *sites_of(bound(ours, "autre"))] == ["+", "lieu", "autre"]


def test_the_gateways_own_rights_and_what_a_person_added_stay() -> None:
    added = RIGHTS + "user lampe\ntopic read cmnd/lampe/POWER\n"
    changed = set(bound(added, "lieu").splitlines()) ^ set(added.splitlines())
    assert changed
    assert all("/%u/" in line for line in changed)


def test_users_with_rights_of_their_own_are_known() -> None:
    assert named_users(RIGHTS) == {"gateway", "gateway-devices", "homeassistant"}
    assert named_users("# user none\n\tuser  recorder \ntopic read #\npattern read user/x\n") == {"recorder"}


def test_what_stands_below_the_last_shipped_line_is_the_places_own_and_is_kept_with_the_site() -> None:
    own = "user gateway\ntopic write cmnd/lampe/POWER\n"
    assert RIGHTS.endswith(OWN_LINES)
    present = bound(RIGHTS, "lieu") + own
    assert shipped_part(present) == bound(RIGHTS, "lieu")
    newer = RIGHTS.replace("user homeassistant", "user newcomer\n\nuser homeassistant")
    assert renewed(newer, present) == bound(newer, "lieu") + own
    assert renewed(RIGHTS, RIGHTS) == renewed(RIGHTS, "user gateway\n") == RIGHTS


def test_a_version_from_before_takes_the_places_own_lines_along() -> None:
    older, own = RIGHTS.removesuffix(f"\n{OWN_LINES}"), "user lampe\ntopic read cmnd/lampe/POWER\n"
    assert renewed(older, RIGHTS + own) == RIGHTS + own
    assert renewed(older, RIGHTS) == older


def test_a_site_that_could_match_another_is_no_site() -> None:
    with pytest.raises(ContractError):
        bound(RIGHTS, "+")
