"""What a client sends, made canonical: body -> events, each judged alone -> zstd frames of NDJSON. No AWS in here."""
