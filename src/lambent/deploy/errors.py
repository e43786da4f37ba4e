"""What a template or a stack is refused for.

DeployError
├── TemplateInvalid       the template, or what was given for it, is wrong: AWS's ValidationError
│   └── Unresolvable      a value can't be known before something is made
├── CapabilityMissing     the caller has not acknowledged what the template does
├── StackMissing          there is no such stack
├── AlreadyThere          a stack or change set of that name is there
├── ChangeSetMissing      there is no such change set
├── WrongStatus           a change set is not in a state for that
├── LimitReached          more than AWS allows
└── NotBuilt              what is not done here yet, by name
"""


class DeployError(Exception):
    """The caller's fault; the text is AWS's."""


class TemplateInvalid(DeployError):
    """The template, its parameters, or what is asked of a stack."""


class Unresolvable(TemplateInvalid):
    """Depends on a resource that is not made yet."""


class CapabilityMissing(DeployError):
    """IAM resources, or macros, without the capability."""


class StackMissing(DeployError):
    """No stack of that name or id."""


class AlreadyThere(DeployError):
    """The name is taken."""


class ChangeSetMissing(DeployError):
    """No change set of that name."""


class WrongStatus(DeployError):
    """A change set can't be executed or deleted now."""


class LimitReached(DeployError):
    """Too many of something."""


class NotBuilt(DeployError):
    """Lambent does not do it yet."""
