"""The warnings, one line each: the kind, which is the name of its `.sql` file too, and the sentence that says it.

In this order they are shown: first what makes a number wrong for certain.
"""

from collections.abc import Callable

from daybreak.metrics.warnings import sentences
from daybreak.metrics.warnings.found import Found, Reader

Sentence = Callable[[Found, Reader], str]

WARNINGS: dict[str, Sentence] = {
    "day_not_exported": sentences.day_not_exported,
    "event_never_came": sentences.event_never_came,
    "trait_never_set": sentences.trait_never_set,
    "property_never_came": sentences.property_never_came,
    "value_never_came": sentences.value_never_came,
    "filter_never_met": sentences.filter_never_met,
    "survey_scale": sentences.survey_scale,
    "number_as_text": sentences.number_as_text,
    "value_spelling": sentences.value_spelling,
    "name_spelling": sentences.name_spelling,
    "same_message_id": sentences.same_message_id,
    "link_not_followed": sentences.link_not_followed,
    "id_like_none": sentences.id_like_none,
    "one_id": sentences.one_id,
    "id_spelling": sentences.id_spelling,
}
