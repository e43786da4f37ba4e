"""AWS's order of evaluation: an explicit Deny wins; then what every layer must allow.

Within one account the identity's policies or the resource's allow; between accounts both must. Service control
policies, the boundary and a session's policy only take away; a resource's policy that names a user or a session itself
is not bounded by the latter two, one that names the role is.
Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html,
reference_policies_evaluation-logic_policy-eval-basics-cross-account.html and access_policies_boundaries.html.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lambent.engine.authorisation import conditions, patterns
from lambent.engine.authorisation.document import Policy, Statement
from lambent.engine.authorisation.principals import Meant, Principal, keys_of, meant


class Layer(enum.Enum):
    """The kinds of policies, by what AWS's errors call them."""

    SCP = "service control policy"
    RESOURCE = "resource-based policy"
    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"


NO_KEYS: Mapping[str, str | tuple[str, ...]] = {}


class Ask(NamedTuple):
    """Who wants to do what (`sqs:SendMessage`) with what (an ARN, or "*").

    `account` is the resource's, "" when it is the one of who asks; `at_large` that the action is about nothing in
    particular, and the resource what AWS holds against policies for that. `keys` are the condition keys of the request
    beyond those that tell who asks: names in lower case.
    """

    who: Principal
    action: str
    resource: str = "*"
    account: str = ""
    keys: Mapping[str, str | tuple[str, ...]] = NO_KEYS
    at_large: bool = False

    @property
    def all_keys(self) -> dict[str, str | tuple[str, ...]]:
        """Every condition key."""
        return {**keys_of(self.who), **self.keys}

    @property
    def crosses(self) -> bool:
        """Whether the resource is another account's."""
        return bool(self.account) and self.who.account != self.account


@dataclass(frozen=True, slots=True)
class Policies:
    """What applies to a request. `session` None: the session has no policy of its own; `scps` one tuple for each level
    of the organisation. `needs_resource` for what only the resource's policy opens: keys of KMS, roles."""

    identity: tuple[Policy, ...] = ()
    resource: Policy | None = None
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    scps: tuple[tuple[Policy, ...], ...] = ()
    needs_resource: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What AWS would say. `layer` and `statement` decided it; `explicit` tells a Deny from a missing Allow; `lasting`
    that nothing but who, what and on what counted, so that it holds until a policy changes."""

    allowed: bool
    layer: Layer
    explicit: bool = False
    statement: Statement | None = None
    lasting: bool = True


def decide(ask: Ask, policies: Policies) -> Decision:
    """Whether it is allowed."""
    view = _View(ask, ask.all_keys)
    for layer, policy in layers(policies):
        denies = view.first(policy, allow=False)
        if denies is not None:
            return Decision(False, layer, True, denies[0], view.lasting)
    return _Allowed(view, policies).decide()


def layers(policies: Policies) -> Iterator[tuple[Layer, Policy]]:
    """Every policy that counts, and which layer it is of."""
    for level in policies.scps:
        yield from ((Layer.SCP, one) for one in level)
    if policies.resource is not None:
        yield Layer.RESOURCE, policies.resource
    yield from ((Layer.IDENTITY, one) for one in policies.identity)
    if policies.boundary is not None:
        yield Layer.BOUNDARY, policies.boundary
    yield from ((Layer.SESSION, one) for one in policies.session or ())


def keys_of_policies(policies: Policies, action: str) -> frozenset[str]:
    """The condition keys (lower case) that decide about an action."""
    return frozenset().union(*(policy.keys(action) for _, policy in layers(policies)))


def first(ask: Ask, policy: Policy, *, allow: bool) -> Statement | None:
    """The statement of one policy with that effect that counts."""
    found = _View(ask, ask.all_keys).first(policy, allow=allow)
    return found[0] if found else None


class _View:
    """The statements as one request sees them."""

    def __init__(self, ask: Ask, keys: Mapping[str, str | tuple[str, ...]]) -> None:
        self.ask = ask
        self.keys = keys
        self.lasting = True

    def first(self, policy: Policy, *, allow: bool) -> tuple[Statement, Meant] | None:
        """The statement with that effect that counts, and how it means who asks; of those that allow the one that
        means them most closely."""
        best: tuple[Statement, Meant] | None = None
        for statement in policy.about(self.ask.action, allow=allow):
            way = self._counts(statement)
            if way is not Meant.NOBODY and (best is None or way.value > best[1].value):
                best = statement, way
                if not allow or way is Meant.ITSELF:
                    break
        return best

    def any(self, policies: Iterable[Policy]) -> Statement | None:
        """The first statement that allows it."""
        return next((found[0] for one in policies if (found := self.first(one, allow=True))), None)

    def _counts(self, statement: Statement) -> Meant:
        if statement.trouble:
            return Meant.NOBODY if statement.allow else Meant.ITSELF
        if statement.has_variables:
            self.lasting = False
        if not reaches(statement, self.ask, self.keys):
            return Meant.NOBODY
        way = meant(statement.principals, self.ask.who)
        if way is Meant.NOBODY or not statement.conditions:
            return way
        self.lasting = False
        return way if all(conditions.is_met(one, self.keys) for one in statement.conditions) else Meant.NOBODY


def reaches(statement: Statement, ask: Ask, keys: Mapping[str, str | tuple[str, ...]]) -> bool:
    """Whether a statement is about the resource; one that names none, as in a trust policy, is about its own.

    A NotResource whose variable has no value allows nothing (and denies): AWS's page on variables says that the whole
    statement "might be invalid".
    """
    if not statement.resources and not statement.but_resources:
        return True
    for one in statement.resources:
        if patterns.arn_fits(one, ask.resource, keys):
            return not statement.but_resources
    if not statement.but_resources:
        return False
    return not (statement.allow and any(patterns.expanded(one, keys) is None for one in statement.resources))


class _Allowed:
    """What must allow, when nothing denies."""

    def __init__(self, view: _View, policies: Policies) -> None:
        self.view = view
        self.policies = policies

    def decide(self) -> Decision:
        """In AWS's order."""
        view, policies = self.view, self.policies
        who = view.ask.who
        if who.has_policies:
            for level in policies.scps:
                if view.any(level) is None:
                    return self._no(Layer.SCP)
        named = view.first(policies.resource, allow=True) if policies.resource is not None else None
        if not who.has_policies:
            return self._yes(Layer.RESOURCE, named[0]) if named else self._no(Layer.RESOURCE)
        if view.ask.crosses:
            return self._both(named)
        return self._either(named)

    def _either(self, named: tuple[Statement, Meant] | None) -> Decision:
        """Within one account."""
        way = named[1] if named else Meant.NOBODY
        if named and way is Meant.ITSELF:
            return self._yes(Layer.RESOURCE, named[0])
        if named and way is Meant.ROLE:
            return self._bounded(Layer.RESOURCE, named[0])
        if self.policies.needs_resource and named is None:
            return self._no(Layer.RESOURCE)
        if self.view.ask.who.kind == "root":
            return self._yes(Layer.IDENTITY, None)
        return self._by_identity()

    def _both(self, named: tuple[Statement, Meant] | None) -> Decision:
        """Between accounts."""
        own = self._yes(Layer.IDENTITY, None) if self.view.ask.who.kind == "root" else self._by_identity()
        if not own.allowed:
            return own
        return self._yes(Layer.RESOURCE, named[0]) if named else self._no(Layer.RESOURCE)

    def _by_identity(self) -> Decision:
        found = self.view.any(self.policies.identity)
        return self._bounded(Layer.IDENTITY, found) if found else self._no(Layer.IDENTITY)

    def _bounded(self, layer: Layer, statement: Statement) -> Decision:
        """What is allowed as far as the boundary and the session's policy allow it, too."""
        boundary, session = self.policies.boundary, self.policies.session
        if boundary is not None and self.view.any((boundary,)) is None:
            return self._no(Layer.BOUNDARY)
        if session is not None and self.view.any(session) is None:
            return self._no(Layer.SESSION)
        return self._yes(layer, statement)

    def _yes(self, layer: Layer, statement: Statement | None) -> Decision:
        return Decision(True, layer, False, statement, self.view.lasting)

    def _no(self, layer: Layer) -> Decision:
        return Decision(False, layer, False, None, self.view.lasting)
