"""A mapping that somebody wrote: its errors name file and field in one line."""

from pathlib import Path

import pytest

from daybreak.errors import InputError
from daybreak.mapping.export_mapping import ExportMapping
from daybreak.mapping.mapping import EventMapping
from daybreak.mapping.read_mapping import read_mapping

GOOD = 'person = "who"\nevent = "what"\ntime = "when"\n'
EXPORT, SEOUL = 'export = "mixpanel"\n', 'timezone = "Asia/Seoul"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + 'zone = "UTC"\n', "mapping.toml: zone: is not a field of a mapping; there are: person, anonymous"),
        (GOOD + 'timezone = "Mars"\n', "mapping.toml: timezone: 'Mars' is not a time zone; use an IANA name"),
        (GOOD + 'format = "%H:%M"\n', "mapping.toml: format: '%H:%M' has not the year"),
        (GOOD + 'unit = "minutes"\n', "mapping.toml: unit: "),
        (GOOD + 'constant = "Joined"\n', "mapping.toml: the mapping needs `event`"),
        ('event = "what"\ntime = "when"\n', "mapping.toml: the mapping needs `person` or `anonymous`"),
        ('person = "who"\nevent = "what"\n', "mapping.toml: time: Field required"),
        (GOOD + "person = 1\n", "mapping.toml: is not TOML: "),
        ('person = [1]\nevent = "what"\ntime = "when"\n', "mapping.toml: person: "),
        (EXPORT + SEOUL + 'person = "who"\n', "mapping.toml: person: cannot stand beside export"),
        (EXPORT + SEOUL + 'person = "who"\n', "keep only export and timezone, or remove export"),
        (EXPORT + 'timezone = "Mars"\n', "mapping.toml: timezone: 'Mars' is not a time zone; use an IANA name"),
        (EXPORT, 'mapping.toml: timezone: is missing; add the zone of the project, such as timezone = "Asia/Seoul"'),
        ('export = "heap"\ntimezone = "UTC"\n', "export: 'heap' does not take a time zone; choose from: mixpanel"),
        ("export = 1979-05-27\n", "mapping.toml: export: "),
        ('timezone = "Asia/Seoul"\n', 'mapping.toml: needs person, event and time; or export = "mixpanel", if the'),
        (b"\xff\xfe", "mapping.toml: is not UTF-8"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_by_file_and_field(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    file = tmp_path / "mapping.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as refused:
        read_mapping(file)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_mapping_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.toml: cannot be read"):
        read_mapping(tmp_path / "absent.toml")


def test_a_mapping_may_begin_with_a_mark(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("\ufeff" + GOOD)
    read = read_mapping(tmp_path / "m.toml")
    assert isinstance(read, EventMapping)
    assert read.person == ("who",)


def test_a_mapping_may_give_a_known_export_its_zone(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(EXPORT + SEOUL)
    assert read_mapping(tmp_path / "m.toml") == ExportMapping(export="mixpanel", timezone="Asia/Seoul")
