"""The list of metric families. Everything else (schedules, Glue tables, the command line) follows from it."""

from dataclasses import dataclass

from daybreak.metrics.activation import Activation, ActivationRow
from daybreak.metrics.adoption import Adoption, AdoptionRow
from daybreak.metrics.completion import Completion, CompletionRow
from daybreak.metrics.definition import Definition
from daybreak.metrics.retention import Retention, RetentionRow
from daybreak.metrics.time_to_value import TimeToValue, TimeToValueRow
from daybreak.tables import Row


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of definition, the rows it gives, and the column that partitions them.

    Its SQL is `sql/<name>.sql`; its tables in daybreak.toml are `[<name>.<definition>]`.
    """

    name: str
    definition: type[Definition]
    row: type[Row]
    partition: str


FAMILIES = {
    family.name: family
    for family in (
        Family("activation", Activation, ActivationRow, "cohort"),
        Family("time_to_value", TimeToValue, TimeToValueRow, "cohort"),
        Family("completion", Completion, CompletionRow, "cohort"),
        Family("retention", Retention, RetentionRow, "cohort"),
        Family("adoption", Adoption, AdoptionRow, "day"),
    )
}
