"""An event source mapping as those who carry it out see it."""

from dataclasses import dataclass

from lambent.model.scope import Scope

NEVER = -1
"""MaximumRetryAttempts and MaximumRecordAgeInSeconds: until the record expires."""


@dataclass(frozen=True, slots=True)
class EventSource:
    """What a mapping says; names and defaults are those of EventSourceMappingConfiguration, times are seconds.

    `function` and `qualifier` ("" for none) are what is invoked, `pollers` the provisioned minimum and maximum.
    `counted` asks for metrics of its events (MetricsConfig).
    """

    uuid: str
    arn: str
    scope: Scope
    source: str
    function: str
    qualifier: str
    batch_size: int
    window: float
    filters: tuple[str, ...] = ()
    reports_failures: bool = False
    maximum_concurrency: int | None = None
    pollers: tuple[int, int] | None = None
    starting_position: str = ""
    starting_timestamp: float | None = None
    parallelization: int = 1
    maximum_age: float = NEVER
    maximum_retries: int = NEVER
    bisects: bool = False
    tumbling_window: int = 0
    on_failure: str = ""
    counted: bool = False

    @property
    def service(self) -> str:
        """The service of the source: sqs, kinesis, dynamodb."""
        return self.source.split(":")[2]
