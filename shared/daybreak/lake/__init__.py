"""The lake: the address of every object, and stores for them (a folder here, a bucket in `daybreak.aws.bucket`)."""
