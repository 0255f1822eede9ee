"""Findings of cdk-nag that are meant: each stands where it arises, with its reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Say why a rule does not hold for this construct and everything in it."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
