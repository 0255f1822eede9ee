"""Daybreak: product events in, the morning's onboarding metrics out.

    ingest       what a client sends -> canonical events -> zstd frames        (pure)
    lake         where every object of the lake lives, and a folder to hold it (pure)
    definitions  daybreak.toml -> what this project measures                   (pure)
    export       frames of an arrival day -> events and derived tables         (DuckDB)
    metrics      one module and one .sql file a family -> result tables        (DuckDB)
    aws          DynamoDB, S3, Lambda, Athena                                  (boto3)
    cloud        the local cloud and the CDK command line                      (processes)
    cli          the `daybreak` command

Imports only point upwards in that list; `lint-imports` checks it.
"""
