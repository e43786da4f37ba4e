"""The rules that archives are on AWS: they are listed, and do nothing here.

What they look like: https://github.com/getmoto/moto, tests/test_events/test_events.py (test_archive_actual_events,
which is verified on AWS).
"""

import json
from typing import Any

from lambent.buses import names
from lambent.buses.registry import ARCHIVE, Document
from lambent.buses.routing import REPLAY
from lambent.model.scope import Scope
from lambent.services.events.env import EventsEnv

PREFIX = "Events-Archive-"
SERVICE = "prod.vhs.events.aws.internal"


def rules(env: EventsEnv, scope: Scope, bus: str) -> list[dict[str, Any]]:
    """Those of a bus, as ListRules has them."""
    found = env.registry.all(ARCHIVE, scope)
    return [_rule(scope, bus, name, archive) for name, archive in found if archive["bus"] == bus]


def rule(env: EventsEnv, scope: Scope, bus: str, name: str) -> dict[str, Any] | None:
    """One of them, None for a name that is none's."""
    archive = env.registry.find(ARCHIVE, scope, name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
    if archive is None or archive["bus"] != bus:
        return None
    return _rule(scope, bus, name.removeprefix(PREFIX), archive)


def target(scope: Scope, name: str) -> dict[str, Any]:
    """What such a rule sends to."""
    archive = names.arn(scope, f"archive/{name.removeprefix(PREFIX)}")
    template = (
        f'{{"archive-arn": "{archive}", "event": <aws.events.event.json>, '
        '"ingestion-time": <aws.events.event.ingestion-time>}'
    )
    transformer = {"InputPathsMap": {}, "InputTemplate": template}
    return {"Id": name[:64], "Arn": f"arn:aws:events:{scope.region}:::", "InputTransformer": transformer}


def _rule(scope: Scope, bus: str, archive: str, said: Document) -> dict[str, Any]:
    pattern = {**json.loads(said["pattern"] or "{}"), REPLAY: [{"exists": False}]}
    return {
        "Name": f"{PREFIX}{archive}",
        "Arn": names.rule_arn(scope, bus, f"{PREFIX}{archive}"),
        "EventPattern": json.dumps(pattern, separators=(",", ":")),
        "State": "ENABLED",
        "ManagedBy": SERVICE,
        "EventBusName": bus,
    }
