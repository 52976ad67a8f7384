"""Which language a text is in, as far as its script and its commonest words tell. Pure functions."""

from __future__ import annotations

import re
from typing import Final

LANGUAGES: Final = ("en", "de", "fr", "es", "ja", "ar")
_STOP_WORDS: Final = {
    "en": "the and is are you we our for with of it in to have can this that not your one or at on do i which",
    "de": "der die das und ist sind sie wir für mit von es nicht ein eine den dem zu haben ich auch im auf oder ihr "
    "gibt kostet keine leider kann unsere",
    "fr": "le la les et est sont vous nous pour avec de du des un une en que qui ne pas sur au dans il je votre ce "
    "coûte voici",
    "es": "el la los las y es son usted nosotros para con de del un una en que no se por su al lo te tu hay cuesta "
    "está tenemos",
}
_WORDS: Final = {language: frozenset(words.split()) for language, words in _STOP_WORDS.items()}
_KANA: Final = re.compile(r"[\u3040-\u30ff]")
_JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]")
_ADDRESS: Final = re.compile(r"https?://\S+|\]\([^)]*\)|[\w.]+@[\w.]+")
# A word of Latin letters says as much as two signs of Japanese.
_LETTERS_A_SIGN: Final = 2.5


def is_in(text: str, language: str, names: tuple[str, ...] = ()) -> bool:
    """Return whether the text may be in the language: nothing in it speaks for another one.

    `names` are product names, which stay as they are in every language.
    """
    said = _without(text, names)
    japanese, arabic = len(_JAPANESE.findall(said)), len(_ARABIC.findall(said))
    latin = len(_LATIN.findall(said))
    if language == "ja":
        return bool(_KANA.search(said)) and japanese * _LETTERS_A_SIGN >= latin and japanese > arabic
    if language == "ar":
        return arabic > 0 and arabic >= latin and arabic > japanese
    return latin > 0 and latin >= japanese + arabic and _speaks_for(said, language)


def _speaks_for(text: str, language: str) -> bool:
    """Return whether no other Latin language has more of its commonest words in the text."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    counted = {each: sum(word in known for word in words) for each, known in _WORDS.items()}
    return counted[language] >= max(counted.values()) and (counted[language] > 0 or len(words) < 8)


def _without(text: str, names: tuple[str, ...]) -> str:
    text = _ADDRESS.sub(" ", text)
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(re.escape(name), " ", text, flags=re.IGNORECASE)
    return text


def count_words(text: str) -> int:
    """Return how many words a text has. Two signs of Japanese count as one."""
    signs = len(_JAPANESE.findall(text))
    return len(re.findall(r"\w+", _JAPANESE.sub(" ", text))) + signs // 2
