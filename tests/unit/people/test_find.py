"""The records about a person."""

import pytest

from daybreak.people.find import People, digests


@pytest.mark.parametrize(
    ("body", "theirs"),
    [
        ('{"userId": "ada"}', True),
        ('{"userId": "bob", "previousId": "ada"}', True),
        ('{"userId": null, "anonymousId": "phone"}', True),
        ('{"userId": false, "anonymousId": "phone"}', True),
        ('{"userId": 7}', True),
        ('{"userId": "bob", "anonymousId": "phone"}', False),
        ('{"userId": "bob", "properties": {"friend": "ada"}}', False),
        ('{"userId": "ada", "properties": {"text": "cut he', True),
        ('{"userId": 7, "properties": {"text": "cut he', True),
        ('{"userId": 77, "properties": {"text": "cut he', False),
        ('{"userId": "q\\\\", "anonymousId": "phone", "x": "cut he', False),
        ('{"userId": null, "anonymousId": "phone", "previousId": nu', True),
        ('{"userId": "a\\u0064a", "x": "cut he', True),
        ('{"a":' * 5000, False),
        ("<list>", False),
    ],
)
def test_a_rejected_event_is_recognised_by_its_people(body: str, theirs: bool) -> None:
    assert People(digests(["ada", "phone", "7"])).in_body(body) is theirs
