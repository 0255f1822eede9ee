"""[webhook.NAME] in daybreak.toml: what is read, and what is refused in one line."""

import pytest

from daybreak.definitions.project import parse
from daybreak.errors import DefinitionError

BEFORE = '[project]\ntimezone = "UTC"\n[active_people.anybody]\ndescription = "Anybody"\n'


def test_webhooks_are_read_and_change_no_definition() -> None:
    read = parse(BEFORE + '[webhook.support]\nvendor = "zendesk"\n[webhook.other]\n')
    assert {name: webhook.signed_as for name, webhook in read.webhooks.items()} == {
        "support": "zendesk",
        "other": "secret",
    }
    assert read.version("active_people", "anybody") == parse(BEFORE).version("active_people", "anybody")
    assert read.derived_version == parse(BEFORE).derived_version


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('[webhook.x]\nvendor = "zendesc"', "[webhook.x] vendor: Input should be 'delighted', 'intercom', 'shopify', "
         "'stripe', 'typeform', 'wootric' or 'zendesk'"),
        ('[webhook.x]\nvender = "zendesk"', "[webhook.x] vender: is not a field here; did you mean 'vendor'?"),
        ('[webhook.x]\nsecret = "s"', "[webhook.x] secret: is not a field here"),
        ('[webhook.X]\nvendor = "zendesk"', "[webhook.X] a name is small letters"),
        ("[webhook.daybreak]", "[webhook.daybreak] is the source of Daybreak's own events; choose another name"),
        ('[webhook.x]\nmapping = { person = "a", time = "b" }', "[webhook.x] mapping: needs `event`"),
        ('[webhook.x]\nmapping = { person = "a", event = "b", time = "c", who = "d" }', "[webhook.x] mapping.who: "),
    ],
)  # fmt: skip
def test_a_webhook_that_cannot_work_is_refused_in_one_line(table: str, why: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse(f"{BEFORE}{table}\n")
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)
