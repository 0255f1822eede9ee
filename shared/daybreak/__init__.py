"""Daybreak: product events in, the morning's onboarding metrics out.

A folder is a stage of an event's life. Each imports only from the lines above its own; folders on one line do not know
each other. `lint-imports` checks it against this list.

    errors       every exception, drawn once
    lake         where each object lives, and the row models of its tables
    ingest       a request -> canonical events -> zstd frames
    engine       DuckDB, the calendar, conditions on events
    families     one kind of metric each: its definition, its SQL, its summary
    mapping      a row of somebody else's -> an event
    definitions  daybreak.toml -> the definitions of a project
    webhooks     what other tools send -> canonical events
    export       arrivals -> raw log -> events -> derived tables
    metrics      derived tables -> result tables
    watch        result tables -> goals and alerts
    lists        derived tables -> files of people, for whatever reminds them
    page         result tables -> the page of the morning, one HTML file
    send         goals, alerts and lists -> messages to a team's own tools
    files        files of events -> result tables, without a cloud
    people       whatever is stored about a person: found, exported, forgotten
    tracking     the events that arrived beside the tracking plan
    ask          result tables -> answers for an assistant on the desk
    aws          DynamoDB, S3, Lambda, Athena
    cloud        the local cloud and the CDK command line
    example      a product whose every number was decided before its events were made
    cli          the `daybreak` command

The ladder, low to high:

    errors < lake | ingest | engine < families | mapping < definitions < webhooks < export < metrics < watch | lists
    < page | send < files | people | tracking < ask < aws < cloud | example < cli
"""
