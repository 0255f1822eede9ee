"""EventBridge schedules that invoke a job with a payload, with retries and a dead-letter queue."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from daybreak.export.payloads import Payload
from infra.functions import grant

RETRIES = 5
MOST_SECONDS_LATE = 6 * 3600


class Schedules(Construct):
    """Schedules that share one role, which may invoke exactly these jobs and send to the dead-letter queue."""

    def __init__(self, scope: Construct, construct_id: str, *, dead_letters: sqs.Queue) -> None:
        super().__init__(scope, construct_id)
        self._dead_letters = dead_letters
        self._invoked: set[str] = set()
        self._role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        grant(self._role, ["sqs:SendMessage"], [dead_letters.queue_arn])

    def add(self, name: str, expression: str, timezone: str, job: lambda_.Function, payload: Payload) -> None:
        """Invoke `job` with `payload` by a cron expression in a timezone."""
        if job.node.path not in self._invoked:
            self._invoked.add(job.node.path)
            grant(self._role, ["lambda:InvokeFunction"], [job.function_arn])
        scheduler.CfnSchedule(
            self,
            name,
            description=f"Daybreak: {name}",
            schedule_expression=expression,
            schedule_expression_timezone=timezone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=job.function_arn,
                role_arn=self._role.role_arn,
                input=payload.to_json(),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=RETRIES, maximum_event_age_in_seconds=MOST_SECONDS_LATE
                ),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self._dead_letters.queue_arn),
            ),
        )
