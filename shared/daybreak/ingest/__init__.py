"""From a client's request to stored bytes: body -> events, each judged alone -> zstd frames of NDJSON. Without AWS."""
