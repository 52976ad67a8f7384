"""Presenting: whether an answer that names no product shows some all the same, as in "Here are some hats:"."""

from __future__ import annotations

import re
from typing import Final

from widget_api.text import fold

_WORD: Final = re.compile(r"[^\W_]+")
# Words that present what was found, and words that say that nothing was, as `fold` writes them. An answer in a
# language that is not here presents nothing unless it ends with a colon.
_PRESENTING: Final = (
    "here have found these following offer carry",
    "hier haben gibt habe gefunden diese folgende folgenden",
    "voici voila avons trouve ces suivants suivantes",
    "aqui tenemos hay encontre encontrado estos estas",
    "ecco abbiamo trovato questi queste",
    "hebben heb gevonden deze volgende",
    "temos encontrei encontramos estes",
    "هنا هذه هذا لدينا وجدت اليك",
    "הנה יש מצאתי אלה אלו לפניך",
    "вот есть нашел нашла эти ось є",
    "oto mamy znalazlem znalazlam",
    "har finns hittade her fundet tassa loytyi iste var zde mame iata avem itt vannak εδω εχουμε",
)
_NEGATING: Final = (
    "no not none nothing neither nor cannot without sorry unfortunately",
    "nicht nichts kein keine keinen keiner keines keinem leider weder niemand",
    "pas aucun aucune rien malheureusement desole desolee jamais",
    "nada ningun ninguna ninguno tampoco lamentablemente desafortunadamente siento",
    "non nessun nessuna nessuno niente nulla purtroppo",
    "niet niets geen helaas",
    "nao nenhum nenhuma infelizmente",
    "لا ليس ليست لم لن للاسف غير اسف عذرا",
    "לא אין מצטער מצטערת לצערי לצערנו",
    "не нет ни жаль сожалению немае",
    "nie niestety brak zaden zadna zadnej",
    "inte ingen inga inget tyvarr ikke intet desvaerre ei eivat valitettavasti yok degil maalesef neni nemame",
    "bohuzel nem nincs sajnos nu din pacate δεν δυστυχως",
)
# Scripts without blanks between words.
_PRESENTING_WITHIN: Final = (
    "こちら",
    "あります",
    "ございます",
    "見つか",
    "以下",
    "这里",
    "這裡",
    "这些",
    "這些",
    "여기",
    "있습니다",
)
_NEGATING_WITHIN: Final = (
    *("ません", "ない", "なく", "なかった", "申し訳", "残念", "あいにく"),
    *("没", "沒", "不", "无", "無", "抱歉", "遗憾", "遺憾", "없", "않", "아니", "죄송"),
    *("n't", "n\u2019t", "ไม่", "ขออภัย"),
)
_COLONS: Final = (":", "\uff1a")


def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for line in words for word in fold(line).split())


_PRESENTING_WORDS: Final = _folded(_PRESENTING)
_NEGATING_WORDS: Final = _folded(_NEGATING)


def presents_products(text: str) -> bool:
    """Return whether a text that names no product announces some: it ends with a colon, or says that there are some
    and denies nothing. In doubt it does not: a card beside "nothing suitable" is worse than none beside "Here"."""
    if text.rstrip(" \n*_").endswith(_COLONS):
        return True
    folded = fold(text)
    words = frozenset(_WORD.findall(folded))
    if words & _NEGATING_WORDS or any(each in folded for each in _NEGATING_WITHIN):
        return False
    return bool(words & _PRESENTING_WORDS) or any(each in folded for each in _PRESENTING_WITHIN)
