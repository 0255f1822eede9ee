"""The AWS stack, as a CDK app: `python -m infra.app`."""
