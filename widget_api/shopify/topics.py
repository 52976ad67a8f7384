"""Which of the shop's pages a question is about, and which of their passages speak of it, in many languages."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from widget_api.shopify.passages import Page, Passage
from widget_api.text import normalize

# Beginnings of words that shoppers use for what the page is about, in the widget's languages, folded as `fold`
# does. Short ones must begin a word; those of six letters and more may stand inside of one, as in German.
TOPICS: Final[dict[str, str]] = {
    "refund-policy": (
        "return refund exchange warrant cancel withdraw faulty damaged "
        "ruckgabe ruckse umtausch erstatt widerruf garantie gewahrleist storn zuruck "
        "rembours retour retract echang annul "
        "devolu devolv reembols cambio garantia cancel troca "
        "reso rimbors restitu recesso sostitu garanzia "
        "retourner ruil terugbetal terugst annuleer "
        "返品 返金 交換 キャンセル 保証 החזר החלפ ביטול אחריות ارجاع إرجاع استرجاع استرداد استبدال ضمان الغاء"
    ),
    "shipping-policy": (
        "ship deliver postage courier dispatch tracking customs "
        "versand liefer zustell sendung zoll "
        "livr expedi suivi douan colis "
        "envio enviar entrega gastos aduana "
        "spedi conseg dogan corriere "
        "verzend bezorg leverin leverti douane "
        "frete prazo alfandeg correios "
        "配送 送料 発送 届 משלוח שילוח מכס شحن توصيل جمارك"
    ),
    "privacy-policy": (
        "privacy gdpr cookie "
        "datenschutz personenbezogen dsgvo "
        "confidentialit donnees rgpd privacidad privacidade riservatezza "
        "persoonsgegevens プライバシー 個人情報 פרטיות مخصوصية خصوصية بيانات"
    ),
    "terms-of-service": (
        "terms contract liabil payment pay "
        "agb geschaftsbeding haftung vertrag bezahl zahlung "
        "conditions cgv paiement responsab terminos condiciones pago termos condicoes pagamento termini condizioni "
        "voorwaarden betal 利用規約 支払 תנאי תשלום شروط دفع"
    ),
    "contact-information": (
        "contact email phone telephone address hours open located location "
        "kontakt telefon adresse offnungszeit erreich "
        "contacter adresse horaire contacto telefono direccion horario contato telefone endereco "
        "contatt indirizzo orari bereik openingstijd adres "
        "連絡 問い合わせ 電話 住所 営業時間 צור קשר טלפון כתובת שעות اتصال هاتف عنوان ساعات"
    ),
    "legal-notice": (
        "imprint company owner vat "
        "impressum handelsregister inhaber umsatzsteuer "
        "mentions siret aviso partita iva colofon kvk 特定商取引 運営 השם القانوني"
    ),
    "subscription-policy": (
        "subscri autorenew renew abonn abbonament suscrip assinatura kundig verlanger 定期購入 定期便 מנוי اشتراك"
    ),
}

# Words that ask and are not asked about.
_ASKING_WORDS: Final = (
    "the and for you your yours our are can could may does did how what when where which who why with from have has "
    "this that there will would much many long about please tell any into get its not was were they them "
    "take takes took last lasts dauert dauern prend prennent dure durent tarda tardan demora demoram leva levam "
    "vuole impiega duurt duren "
    "wie was wann wer warum ist sind kann konnen ich ihr ihre der die das den dem ein eine einen und oder mit von "
    "fur lange viel gibt habe haben bei nach auf uber "
    "comment quel quelle quels quelles quand est que puis les des une pour avec dans vous votre vos sont combien "
    "como cual cuando donde por para con los las una puedo hay cuanto cuanta qual quando onde posso voce seu sua "
    "come quale quanto quanti dove sono che per gli della delle posso "
    "hoe wat wanneer waar welke kan het een van voor met zijn jullie hoeveel"
)
_ASKING: Final = frozenset(_ASKING_WORDS.split())

# Scripts without spaces between words, and Korean, whose words change at their end, are compared by pairs of
# letters. Pairs of hiragana are grammar.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_HIRAGANA = re.compile("[\u3040-\u309f]+")
_WORD = re.compile(r"\w+")
_STEM, _ROOT = 6, 4
_COMMON_FROM: Final = 6


def fold(text: str) -> str:
    """Return `text` without case, accents and widths, so that what is read alike compares alike."""
    apart = normalize("NFKD", text.casefold())
    return normalize("NFC", "".join(each for each in apart if unicodedata.category(each) != "Mn"))


def topics(query: str) -> set[str]:
    """Return the handles of the pages that the question names by what they are about."""
    folded = fold(query)
    padded = " ".join(["", *_WORD.findall(folded)])
    return {
        handle
        for handle, stems in TOPICS.items()
        if any((stem in folded) if _may_stand_inside(stem) else (f" {stem}" in padded) for stem in _STEMS[handle])
    }


def best_passages(query: str, pages: Sequence[tuple[str, Page]], most: int) -> list[tuple[Page, Passage]]:
    """Return at most `most` passages that speak of what is asked, best first.

    A page that is about it and shares no word with it speaks with its beginning: the question and the page may be in
    two languages, or name things differently. Without either there is nothing.
    """
    named = topics(query)
    entries = [(handle, page, passage) for handle, page in pages for passage in page.passages]
    scores = _scores(query, [f"{page.title} {passage.heading} {passage.text}" for _, page, passage in entries])
    weighed = [
        (score * (2 if handle in named else 1), page, passage)
        for score, (handle, page, passage) in zip(scores, entries, strict=True)
    ]
    # A named page that shares no word with the question comes first with its beginning.
    speechless = named - {handle for score, (handle, *_) in zip(scores, entries, strict=True) if score > 0}
    top = max((score for score, *_ in weighed), default=0.0)
    weighed = [
        (top, page, page.passages[0]) for handle, page in pages if handle in speechless and page.passages
    ] + weighed
    found = sorted((each for each in weighed if each[0] > 0), key=lambda each: -each[0])
    if found:
        enough = found[0][0] / 3  # what fits much less is about something else
        return [(page, passage) for score, page, passage in found[:most] if score >= enough]
    return [(page, passage) for handle, page in pages if handle in named for passage in page.passages[:2]][:most]


def _scores(query: str, texts: list[str]) -> list[float]:
    """Return how much each text shares with the query; terms that most texts have count nothing."""
    asked = _terms(query, asks=True)
    found = [_terms(text) for text in texts]
    weights = {}
    for term, weight in asked.items():
        having = sum(term in terms for terms in found)
        common = len(texts) >= _COMMON_FROM and having > len(texts) / 2
        weights[term] = 0.0 if common or not having else weight * math.log(1 + len(texts) / having)
    return [sum(weight for term, weight in weights.items() if term in terms) for terms in found]


def _terms(text: str, *, asks: bool = False) -> dict[str, float]:
    """Return what the text is compared by, each with its weight: stems, their shorter roots, pairs of letters."""
    terms: dict[str, float] = {}
    for word in _WORD.findall(fold(text)):
        if asks and word in _ASKING:
            continue
        for term, weight in _terms_of(word):
            terms[term] = max(weight, terms.get(term, 0.0))
    return terms


def _terms_of(word: str) -> Iterator[tuple[str, float]]:
    for run in _UNSPACED.findall(word):
        pairs = [run[at : at + 2] for at in range(len(run) - 1)] or [run]
        yield from ((pair, 1.0) for pair in pairs if not _HIRAGANA.fullmatch(pair))
    for rest in _UNSPACED.sub(" ", word).split():
        if len(rest) >= 3 or any(letter.isdigit() for letter in rest):
            yield rest[:_STEM], 1.0
        if len(rest) >= _ROOT:
            yield f"{rest[:_ROOT]}…", 0.4


def _may_stand_inside(stem: str) -> bool:
    return len(stem) >= _STEM or not stem.isascii()


_STEMS: Final = {handle: tuple(fold(stem) for stem in stems.split()) for handle, stems in TOPICS.items()}
