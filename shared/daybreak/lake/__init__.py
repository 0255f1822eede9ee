"""The lake: where every object lives, and what can hold it (a folder here, a bucket in `daybreak.aws.bucket`)."""
