"""The list of metric families. Everything else (schedules, Glue tables, the command line) follows from it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from daybreak.families.activation import Activation, ActivationRow
from daybreak.families.active_days import ActiveDays, ActiveDaysRow
from daybreak.families.active_people import ActivePeople, ActivePeopleRow
from daybreak.families.adoption import Adoption, AdoptionRow
from daybreak.families.base import Definition, MetricRow
from daybreak.families.breadth import Breadth, BreadthRow
from daybreak.families.campaign import Campaign, CampaignRow
from daybreak.families.churn import Churn, ChurnRow
from daybreak.families.completion import Completion, CompletionRow
from daybreak.families.conversion import Conversion, ConversionRow
from daybreak.families.experiment import Experiment, ExperimentRow
from daybreak.families.experiment_statistics import with_statistics
from daybreak.families.lifecycle import Lifecycle, LifecycleRow
from daybreak.families.retention import Retention, RetentionRow
from daybreak.families.support_load import SupportLoad, SupportLoadRow
from daybreak.families.survey import Survey, SurveyRow
from daybreak.families.time_to_value import TimeToValue, TimeToValueRow


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of definition, the rows it gives, and the column that partitions them.

    Its SQL is `sql/<name>.sql`; its tables in daybreak.toml are `[<name>.<definition>]`. `finish` completes the rows of
    the SQL, where SQL has no words for what is missing.
    """

    name: str
    definition: type[Definition]
    row: type[MetricRow]
    partition: str
    finish: Callable[[Iterable[dict[str, Any]]], Iterator[dict[str, Any]]] | None = None


FAMILIES = {
    family.name: family
    for family in (
        Family("activation", Activation, ActivationRow, "cohort"),
        Family("time_to_value", TimeToValue, TimeToValueRow, "cohort"),
        Family("completion", Completion, CompletionRow, "cohort"),
        Family("retention", Retention, RetentionRow, "cohort"),
        Family("churn", Churn, ChurnRow, "period_start"),
        Family("adoption", Adoption, AdoptionRow, "day"),
        Family("breadth", Breadth, BreadthRow, "day"),
        Family("active_people", ActivePeople, ActivePeopleRow, "day"),
        Family("active_days", ActiveDays, ActiveDaysRow, "day"),
        Family("lifecycle", Lifecycle, LifecycleRow, "period_start"),
        Family("conversion", Conversion, ConversionRow, "cohort"),
        Family("survey", Survey, SurveyRow, "period_start"),
        Family("support_load", SupportLoad, SupportLoadRow, "period_start"),
        Family("campaign", Campaign, CampaignRow, "cohort"),
        Family("experiment", Experiment, ExperimentRow, "day", with_statistics),
    )
}
