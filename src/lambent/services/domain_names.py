"""Which custom domain names of APIs may be had: what REST APIs and the others have in common.

Requests are told apart by them, on the whole machine as on AWS in a region; nobody takes those of another account
(https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html, "Wildcard custom domain
names").
"""

from collections.abc import Callable

from lambent.model import api_kinds
from lambent.model.scope import Scope
from lambent.store.resources import Resources

OWN = "{} is a name of the endpoint itself: its requests are nobody's to take"
"""Ours: on AWS nobody has a certificate for such a name."""


def is_own(name: str, is_own_host: Callable[[str], bool]) -> bool:
    """Whether it is the platform's, or a wildcard for such names."""
    return is_own_host(name.replace("*", "any"))


def is_taken(resources: Resources, scope: Scope, name: str) -> bool:
    """Whether another account or region has it, or a wildcard that it falls under."""
    names = (name, f"*.{name.partition('.')[2]}")
    kinds = (api_kinds.DOMAIN_NAME, api_kinds.REST_DOMAIN_NAME)
    found = [resources.anywhere(kind, "", one) for kind in kinds for one in names]
    return any(one is not None and one.scope != scope for one in found)
