"""The page of environments that have nothing to do."""

from typing import Any, cast

import pytest

from lambent.model.scope import Scope
from lambent.server import pages


class Resting:
    def __init__(self, account: str, busy: bool = False) -> None:
        self.function = self
        self.scope = Scope(account, "us-east-1")
        self.busy = busy


class Pools:
    def __init__(self, *those: Resting) -> None:
        self.those = those

    def environments(self) -> Any:
        return self.those


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_those_of_one_account_that_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_rest(one: Any) -> Any:
        return None if one.busy else {"stream": "s", "files": [{"written": 1.5, "read": 2.0}]}

    monkeypatch.setattr(pages.Environment, "at_rest", at_rest)
    mine, other = "000000000000", "111111111111"
    pools = [Pools(Resting(mine), Resting(other)), Pools(Resting(mine, busy=True))]
    said = await pages.resting_document(cast(Any, pools), {"account": mine})
    assert said == {"environments": [{"stream": "s", "files": [{"written": 1500.0, "read": 2000.0}]}]}
    with pytest.raises(ValueError):
        await pages.resting_document(cast(Any, pools), {"account": "x"})
