"""The languages that `[page] language` can choose."""

from daybreak.page.texts.en import ENGLISH
from daybreak.page.texts.ko import KOREAN

LANGUAGES = {language.code: language for language in (ENGLISH, KOREAN)}
