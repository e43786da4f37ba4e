"""Writes docs/coverage.md: every operation of the services answered here, done or refused by name.

Run as `python -m tools.coverage`; tests/docs compares the committed page with what this makes.
"""

from pathlib import Path

import botocore.session

from lambent.services.answered import Answered
from lambent.services.table import ANSWERED

PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"
PARTLY = ("elbv2", "secretsmanager", "cloudtrail", "iot", "iot-data")
"""Services of which a few operations are answered here, and the neighbour has the rest."""
SERVICES = {one.name: one for one in ANSWERED if one.name not in PARTLY}

HEAD = """# Coverage

Made by `python -m tools.coverage` from botocore's service models and the operation tables; a test keeps it true.

An operation that is not done is refused by name (HTTP 501, `NotImplementedException`), never accepted silently.
Every service that is not listed here is answered by the neighbour (moto by default, or the endpoint set for it), and
so is Application Auto Scaling of anything but provisioned concurrency. Of Secrets Manager, load balancers, CloudTrail
and IoT a few operations are answered here: rotation ([schedules.md](schedules.md)), what leads to functions
([http.md](http.md)), LookupEvents ([permissions.md](permissions.md)), topic rules and Publish ([iot.md](iot.md)).
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(map(_section, SERVICES.values()))


def _section(service: Answered) -> str:
    name, done, reasons = service.name, set(service.operations), service.refused
    known = sorted(botocore.session.Session().get_service_model(name).operation_names)
    unknown = done - set(known)
    assert not unknown, f"{name} answers operations that its model does not have: {unknown}"
    astray = reasons.keys() & done | reasons.keys() - set(known)
    assert not astray, f"{name} gives reasons for refusing what it does not refuse: {astray}"
    rows = "".join(f"| {one} | {_state(one in done, reasons.get(one))} |\n" for one in known)
    return f"\n## {name}: {len(done)} of {len(known)} operations\n\n| operation | state |\n| --- | --- |\n{rows}"


def _state(done: bool, reason: str | None) -> str:
    return "done" if done else f"refused by name: {reason or 'not built yet'}"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
