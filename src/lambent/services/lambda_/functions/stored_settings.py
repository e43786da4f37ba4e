"""Settings of a function that are stored and answered as on AWS, and that nothing here acts on: findings say so."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.model.finding import Finding
from lambent.model.names import function_arn
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.record import FunctionRecord

Configuration = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Inert:
    """One such setting: whether a configuration asks for it, and what is so."""

    code: str
    asked: Callable[[Configuration], bool]
    says: str
    hint: str = ""


INERT = (
    Inert(
        "stored-only/vpc",
        lambda said: bool(said.get("VpcConfig", {}).get("SubnetIds")),
        "VpcConfig is stored, not acted on: the function runs in the sandbox's network, not in these subnets.",
    ),
    Inert(
        "stored-only/kms-key",
        lambda said: "KMSKeyArn" in said,
        "KMSKeyArn is stored, not acted on: variables are kept in the data folder as they are.",
    ),
)

NO_FILE_SYSTEMS = Inert(
    "stored-only/file-system",
    lambda said: "FileSystemConfigs" in said,
    "FileSystemConfigs is stored, not acted on: at isolation level process nothing can be at its LocalMountPath.",
    "The folder that stands for the file system is shown at isolation level namespace.",
)


def foreign_architecture(machine: str) -> Inert:
    """A function of another architecture than this machine's, which runs on this one's interpreter."""
    return Inert(
        "architecture",
        lambda said: bool(said["Architectures"] != [machine]),
        f"The function runs on this {machine} machine whatever its Architectures say.",
        "Native libraries in its package must be made for this machine.",
    )


def tell(env: LambdaEnv, new: FunctionRecord, old: FunctionRecord | None = None) -> None:
    """Report what `new` asks for, and take back what `old` asked for and no version does any more."""
    arn = function_arn(new.scope, new.name)
    for inert in _all(env):
        if inert.asked(new.configuration):
            env.report(Finding(inert.code, arn, inert.says, inert.hint))
        elif old is not None and inert.asked(old.configuration) and not _any(inert, env, new):
            env.withdraw(arn, inert.code)


def resume(env: LambdaEnv) -> None:
    """At the start: say it of every version that is stored."""
    for record in env.functions:
        tell(env, record)


def _any(inert: Inert, env: LambdaEnv, record: FunctionRecord) -> bool:
    versions = env.functions.versions(record.scope, record.name)
    return any(inert.asked(one.configuration) for one in versions if one.version != record.version)


def _all(env: LambdaEnv) -> Iterable[Inert]:
    files = () if env.mounts_files else (NO_FILE_SYSTEMS,)
    return (*INERT, *files, foreign_architecture(env.architecture))
