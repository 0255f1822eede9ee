"""Findings of cdk-nag that are intended. Each is acknowledged where it arises, with its reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Record why a rule does not apply to this construct and everything in it."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
