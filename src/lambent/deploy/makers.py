"""Which maker a type has."""

from collections.abc import Callable
from dataclasses import dataclass

from lambent.deploy.custom import CustomMaker
from lambent.deploy.making import ApiMaker, Maker, kind_of
from lambent.deploy.phases import Phase
from lambent.deploy.resources.calls import Calls
from lambent.deploy.resources.kind import Subject
from lambent.deploy.running import Running
from lambent.deploy.shifting import ALIAS, ShiftedAlias
from lambent.deploy.signals import Signals
from lambent.deploy.special import NestedStack, Unknown, WaitCondition, WaitHandle
from lambent.deploy.stacks import Stacks
from lambent.model.finding import Finding

CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


@dataclass(slots=True)
class Makers:
    """Answers the maker of a type for a deployment; `stacks` is set when there are any. With `skip`, types and
    properties that nothing makes are passed over, and told to `report`."""

    signals: Signals
    skip: bool = False
    report: Callable[[Finding], None] = lambda finding: None
    stacks: Stacks | None = None

    def __call__(self, type_name: str, running: Running) -> Maker:
        """The maker."""
        ports = running.ports
        kind = kind_of(type_name)
        if kind is not None:
            over = self._tell if self.skip else None
            made = ApiMaker(type_name, kind, Calls(running.ask, running.stopped.is_set, over), over, self._tell)
            return ShiftedAlias(made, running.ask, _is_back(running), running.stopped) if type_name == ALIAS else made
        if type_name.startswith(CUSTOM):
            return CustomMaker(running.ask, self.signals, ports.clock, ports.new_id, running.stopped)
        if type_name == "AWS::CloudFormation::Stack":
            assert self.stacks is not None
            return NestedStack(self.stacks, running.stack.root, running.stack.by)
        if type_name == "AWS::CloudFormation::WaitConditionHandle":
            return WaitHandle(self.signals)
        if type_name == "AWS::CloudFormation::WaitCondition":
            return WaitCondition(self.signals, ports.clock, running.stopped)
        return Unknown(type_name, self.skip)

    def _tell(self, subject: Subject, names: list[str]) -> None:
        said = (
            f"{subject.logical_id} ({subject.type}) is made without {', '.join(names)}: Lambent does not support it yet"
        )
        hint = "what depends on it does not happen here"
        self.report(Finding("stack-property-skipped", f"{subject.owner.arn}/{subject.logical_id}", said, hint))


def _is_back(running: Running) -> bool:
    return running.stack.status == Phase.UPDATE_ROLLBACK
