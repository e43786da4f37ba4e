"""ARNs of what EventBridge keeps, and which bus is meant."""

from lambent.model.scope import Scope

DEFAULT = "default"
_PREFIX = "event-bus/"


def arn(scope: Scope, resource: str) -> str:
    """The ARN of something in an account and region."""
    return f"arn:aws:events:{scope.region}:{scope.account}:{resource}"


def bus_arn(scope: Scope, name: str) -> str:
    """The ARN of a bus."""
    return arn(scope, f"{_PREFIX}{name}")


def rule_arn(scope: Scope, bus: str, name: str) -> str:
    """The ARN of a rule; the default bus is not named in it."""
    return arn(scope, f"rule/{name}" if bus == DEFAULT else f"rule/{bus}/{name}")


def bus_named(scope: Scope, said: str | None) -> tuple[Scope, str]:
    """Where the bus is that a name, an ARN or nothing means, and its name."""
    parts = (said or DEFAULT).split(":", 5)
    if len(parts) < 6:
        return scope, said or DEFAULT
    return Scope(parts[4], parts[3]), parts[5].removeprefix(_PREFIX)


def rule_named(resource: str) -> tuple[str, str]:
    """The bus and the name of a rule by the last part of its ARN."""
    bus, slash, name = resource.removeprefix("rule/").rpartition("/")
    return (bus, name) if slash else (DEFAULT, name)
