"""A link to the newest page that anybody can open, and until when it really works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from daybreak.errors import CloudError
from daybreak.lake import keys

LONGEST = timedelta(days=7)
"""S3 signs no link for longer."""


class Signer(Protocol):
    """What signs a link: boto3's S3 client."""

    def generate_presigned_url(self, operation: str, *, Params: dict[str, str], ExpiresIn: int) -> str: ...  # noqa: N803


@dataclass(frozen=True, slots=True)
class Link:
    """A signed link, when it ends, and why then: wanted, seven days, session, or session of an unknown end."""

    url: str
    ends: datetime
    because: str


def share(bucket: str, wanted: timedelta, now: datetime) -> Link:
    """Sign a link with the caller's credentials, which end it when they end themselves. Raises CloudError."""
    session = boto3.Session()
    try:
        credentials = session.get_credentials()
        if credentials is None:
            raise CloudError("no AWS credentials are set, so no link can be signed")
        token = credentials.get_frozen_credentials().token
        client = session.client("s3", config=Config(signature_version="s3v4"))
        client.head_object(Bucket=bucket, Key=keys.newest_page())
        return signed(client, bucket, wanted, now, token, session_end(credentials))
    except ClientError as error:
        raise CloudError(
            f"no page can be read ({error.response['Error']['Code']}); write one with `daybreak run page --date <day>`"
        ) from error
    except BotoCoreError as error:
        raise CloudError(f"no link can be signed: {error}") from error


def session_end(credentials: Any) -> datetime | None:
    """When the credentials end; None if they do not, or do not know.

    botocore has no public name for it. The AWS command line reads the same one for `configure export-credentials`.
    """
    end = getattr(credentials, "_expiry_time", None)
    return end if isinstance(end, datetime) else None


def signed(
    client: Signer, bucket: str, wanted: timedelta, now: datetime, token: str | None, ends: datetime | None
) -> Link:
    """The link, and the earliest of three ends: what was wanted, seven days, and that of the session."""
    reasons = {"wanted": now + wanted, "seven days": now + LONGEST}
    if ends is not None:
        reasons["session"] = ends
    because = min(reasons, key=lambda reason: reasons[reason])
    seconds = int((reasons[because] - now).total_seconds())
    if seconds < 1:
        raise CloudError("the session of your AWS credentials is over; sign in again")
    where = {"Bucket": bucket, "Key": keys.newest_page()}
    url = client.generate_presigned_url("get_object", Params=where, ExpiresIn=seconds)
    unknown = token is not None and ends is None
    return Link(url, reasons[because], "session of an unknown end" if unknown else because)
