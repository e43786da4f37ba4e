"""Who may ask a function URL.

Its AuthType says whether a request has to be signed; the function's resource policy has to allow it in both cases, for
the same account's signers unless their own policies do; another account's need both. Since October 2025 AWS asks for
lambda:InvokeFunction, too; answers recorded after that were given without, so that here it is reported, and asked for
when permissions are enforced (the setting `iam`).
Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from lambent.engine.authorisation import principals, resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.model.credentials import May, Signer, everybody_may
from lambent.model.finding import Finding
from lambent.model.names import FunctionRef
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.policies import permission, resource_policy
from lambent.wire.fault import Fault

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
"""Recorded."""
INVOKE_URL, INVOKE = "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"
MISSING = "url-permission"
"""The finding's code."""
REMEMBERED = 10_000


def forbidden() -> Fault:
    """403, for whatever reason."""
    return Fault("AccessDeniedException", FORBIDDEN, status=403)


class Access:
    """Asks policies; what an open URL's policy says is remembered while that is the same. `strict` asks for both
    permissions."""

    def __init__(self, env: LambdaEnv, may: May = everybody_may, *, strict: bool = False) -> None:
        self._env = env
        self._may = may
        self._strict = strict
        self._open: dict[FunctionRef, str] = {}

    def is_open(self, ref: FunctionRef) -> bool:
        """Whether it is known that everybody may ask a function that is there, by its policy as it is."""
        policy = self._env.resources.get(*permission.place(ref).key)
        return policy is not None and self._open.get(ref) == policy.revision

    def check(self, ref: FunctionRef, auth_type: str, signer: Signer | None) -> None:
        """Raises Fault (403) when the policy does not let `signer` (None: anybody) ask the URL of `ref`."""
        if signer is not None and signer.account == ref.scope.account:
            return  # whose own policies may allow it
        policy = permission.policy_of(self._env, ref)
        revision = policy.revision if policy is not None else ""
        if signer is None and self._open.get(ref) == revision:
            return
        document = resource_policy.document(policy) if policy is not None else {}
        asks = ((action, self._ask(ref, auth_type, action, signer)) for action in (INVOKE_URL, INVOKE))
        missing = [action for action, ask in asks if not resource.lets_in(document, ask)]
        if missing:
            _report(self._env, ref, auth_type, missing, self._strict)
        elif signer is None:
            self._env.withdraw(ref.arn, MISSING)
        if INVOKE_URL in missing or (missing and self._strict):
            raise forbidden()
        if signer is None:
            self._remember(ref, revision)

    async def check_signer(self, ref: FunctionRef, auth_type: str, signer: Signer) -> None:
        """Raises Fault (403) when the signer's own policies, with the function's, do not allow it."""
        policy = permission.policy_of(self._env, ref)
        document = resource_policy.document(policy) if policy is not None else None
        for action in (INVOKE_URL, INVOKE) if self._strict else (INVOKE_URL,):
            about = self._keys(auth_type)
            if not await self._may(signer, action, ref.arn, document, about):
                raise forbidden()

    def _keys(self, auth_type: str) -> dict[str, str]:
        about = {"lambda:functionurlauthtype": auth_type, "lambda:invokedviafunctionurl": "true"}
        return of_any(self._env.clock()) | about

    def _ask(self, ref: FunctionRef, auth_type: str, action: str, signer: Signer | None) -> Ask:
        who = resource.caller(signer.account, signer.role) if signer is not None else principals.ANONYMOUS
        return Ask(who, action, ref.arn, keys=self._keys(auth_type))

    def _remember(self, ref: FunctionRef, revision: str) -> None:
        if len(self._open) >= REMEMBERED:
            self._open.clear()
        self._open[ref] = revision


def _report(env: LambdaEnv, ref: FunctionRef, auth_type: str, missing: list[str], strict: bool) -> None:
    refused = strict or INVOKE_URL in missing
    what = "is refused (403)" if refused else "is answered here, and on AWS only by URLs made before October 2025"
    name = ref.name if ref.qualifier is None else f"{ref.name} --qualifier {ref.qualifier}"
    commands = {
        INVOKE_URL: f"aws lambda add-permission --function-name {name} --statement-id url --principal '*' "
        f"--action {INVOKE_URL} --function-url-auth-type {auth_type}",
        INVOKE: f"aws lambda add-permission --function-name {name} --statement-id url-invoke --principal '*' "
        f"--action {INVOKE} --invoked-via-function-url",
    }
    text = f"A request to the function URL {what}: the function's policy does not allow {' and '.join(missing)}."
    env.report(Finding(MISSING, ref.arn, text, "; ".join(commands[action] for action in missing)))
