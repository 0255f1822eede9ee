"""A link to the page says until when it really works: the earliest of what was asked, seven days, and the session."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest

from conftest import NOW
from daybreak.aws.bucket import BucketStore
from daybreak.aws.share import session_end, share, signed
from daybreak.errors import CloudError
from daybreak.lake import keys

HOUR = timedelta(hours=1)


class Signer:
    """Notes for how long it signs."""

    seconds = 0

    def generate_presigned_url(self, operation: str, *, Params: dict[str, str], ExpiresIn: int) -> str:  # noqa: N803
        assert (operation, Params["Key"]) == ("get_object", "page/index.html")
        self.seconds = ExpiresIn
        return "https://signed.example/"


@pytest.mark.parametrize(
    ("wanted", "token", "session", "ends", "because"),
    [
        (8 * HOUR, None, None, 8 * HOUR, "wanted"),
        (200 * HOUR, None, None, 168 * HOUR, "seven days"),
        (8 * HOUR, "t", NOW + HOUR, HOUR, "session"),
        (8 * HOUR, "t", NOW + 9 * HOUR, 8 * HOUR, "wanted"),
        (8 * HOUR, "t", None, 8 * HOUR, "session of an unknown end"),
    ],
)
def test_a_link_ends_with_the_earliest_of_three(
    wanted: timedelta, token: str | None, session: datetime | None, ends: timedelta, because: str
) -> None:
    signer = Signer()
    link = signed(signer, "lake", wanted, NOW, token, session)
    assert (link.ends, link.because) == (NOW + ends, because)
    assert signer.seconds == ends.total_seconds()


def test_a_session_that_is_over_signs_nothing() -> None:
    with pytest.raises(CloudError, match="sign in again"):
        signed(Signer(), "lake", HOUR, NOW, "t", NOW - HOUR)


def test_the_end_of_a_session_is_read_where_the_credentials_know_it() -> None:
    assert session_end(SimpleNamespace()) is None
    assert session_end(SimpleNamespace(_expiry_time=NOW)) == NOW


def test_credentials_that_refresh_themselves_know_their_end() -> None:
    """botocore has no public name for it: this test notices if the one that is used disappears."""
    from botocore.credentials import RefreshableCredentials

    end = datetime.now(UTC) + HOUR
    assert session_end(RefreshableCredentials("a", "b", "c", end, dict, "sso")) == end


@pytest.mark.usefixtures("aws")
def test_a_link_opens_the_newest_page_and_says_when_there_is_none() -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    with pytest.raises(CloudError, match="write one with `daybreak run page"):
        share("lake", HOUR, NOW)
    BucketStore(client, "lake").put(keys.newest_page(), b"<!doctype html>")
    assert client.head_object(Bucket="lake", Key=keys.newest_page())["ContentType"] == "text/html; charset=utf-8"
    link = share("lake", HOUR, NOW)
    assert "page/index.html" in link.url
    assert "X-Amz-Expires=3600" in link.url
