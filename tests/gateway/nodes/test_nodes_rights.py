"""The rights of nodes are bound to the site, and can be told from those that a person wrote."""

from __future__ import annotations

import pytest
from tests.systemd.shipped_broker import SHIPPED

from vigie_contract.errors import ContractError
from vigie_gateway.nodes.rights import bound, named_users, sites_of, unbound

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


def test_a_site_that_could_match_another_is_no_site() -> None:
    with pytest.raises(ContractError):
        bound(RIGHTS, "+")
