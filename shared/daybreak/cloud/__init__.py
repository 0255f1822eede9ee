"""The local cloud (an AWS emulator as a child process) and the CDK command line, for `daybreak up` and `cdk deploy`."""
