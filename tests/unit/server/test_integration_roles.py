"""In whose name an integration of an API asks AWS's services."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lambent.model.acting import Acting
from lambent.model.door import NotPermitted
from lambent.model.scope import Scope
from lambent.server.integration_roles import IntegrationRoles

SCOPE = Scope("111111111111", "us-east-1")


def _roles(mode: str) -> IntegrationRoles:
    return IntegrationRoles(cast(Any, SimpleNamespace(mode=mode)), lambda _: None, lambda: 0.0)


@pytest.mark.parametrize("role", ["", "arn:aws:iam::*:user/*"])
def test_without_a_role_the_accounts_own_key_is_nobodys_where_policies_are_enforced(role: str) -> None:
    """Or who may make an API, and little else, could do everything by it."""
    with pytest.raises(NotPermitted, match="no role"):
        asyncio.run(_roles("enforce").acting(role, SCOPE))
    for mode in ("report", "off"):
        assert asyncio.run(_roles(mode).acting(role, SCOPE)) == Acting("apigateway.amazonaws.com", "111111111111")
