"""Words by which shoppers ask for a change of their cart, language by language.

Phrases are separated by commas and compared after `text.fold`, which takes case and accents away. `a+b` stands for
both in one clause, in any order. Scripts without spaces are searched for as they stand. A language that is missing
here costs its shoppers a tap, for what is not understood becomes a proposal; a word too many costs them the guard.
"""

# ruff: noqa: RUF001 - words of many scripts

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language.

    `put` are verbs that ask in the company of one of `cart`; `add` and `take` ask alone, `take` unless something is
    taken out. `request` makes a question a request; `question` begins a question, with a mark or without; `doubt`
    says that a clause is no request whatever else it says. `yes`, `many` and `filler` are what answers to an offer
    consist of, beside numbers and names; `else_` makes an offer an open question.
    """

    put: str
    cart: str
    add: str
    take: str
    take_out: str
    change: str
    request: str
    question: str
    doubt: str
    yes: str
    many: str
    filler: str
    else_: str
    numbers: str = ""


ENGLISH: Final = Language(
    put="put, place, throw, pop, stick, toss, drop, move",
    cart="cart, basket, shopping bag, trolley, my bag, the bag",
    add="add, put+in, put+back, adding+cart, adding+basket, into my cart, into the cart, into my basket",
    take=(
        "i ll take, ill take, i will take, we ll take, i take, i ll have, i ll buy, i ll order, buy it, buy this, "
        "buy that, buy these, buy those, buy them, buy the, buy both, buy one, buy two, order it, order this, "
        "order that, order these, order those, order them, order both, order one, order two, take it, take this, "
        "take that, take these, take those, take them, take the, take both, take one, take two, take three, get "
        "me the, get me one, get me two, one more, two more, three more, another one"
    ),
    take_out=(
        "remove, delete, take+out, take it off, take them off, take that off, get rid of, drop it, drop the, "
        "empty+cart, empty+basket, clear+cart, clear+basket"
    ),
    change="make it, make that, make them, change+to, set+to, update+to, switch+to, swap, replace, reduce, increase",
    request=(
        "can you, could you, would you, will you, can u, please, pls, plz, can i have, could i have, can i get, "
        "could i get, may i have"
    ),
    question=(
        "do, does, did, is, are, was, were, has, have you, how, what, whats, where, why, when, which, who, can i, "
        "should i, shall i, may i, must i, would it, will it, could i, if, whether, any"
    ),
    doubt=(
        "not, don t, dont, never, how, why, whether, wonder, wondering, might, maybe, perhaps, later, already, "
        "tomorrow, wrong, take a look, tell me, explain, show me, question, thing, information, details, if"
    ),
    yes=(
        "yes, yeah, yep, yup, yea, y, sure, ok, okay, k, please, do it, go ahead, of course, definitely, "
        "absolutely, sounds good, that one, this one, please do, correct"
    ),
    many="empty, clear, both, all, them, these, those, each, everything, pair, couple, two, three, four, five, six",
    filler=(
        "the, a, an, one, ones, in, it, that, this, thanks, thank, you, my, me, to, for, of, size, colour, color, "
        "colors, i, d, ll, would, like, want, take, will, have, and, with, number, option, put, add, cart, then, "
        "just, too, also, first, second, third, fourth, fifth, last, please, is, s, as, well, good, fine, great, "
        "let, go, m, single, set, variant, version, into, basket, most, from"
    ),
    else_="anything, something, else, more",
    numbers=(
        "one:1 two:2 three:3 four:4 five:5 six:6 seven:7 eight:8 nine:9 ten:10 eleven:11 twelve:12 dozen:12 "
        "couple:2 pair:2 both:2"
    ),
)
GERMAN: Final = Language(
    put=(
        "leg, lege, legen, legst, pack, packe, packen, packst, tu, tue, tun, steck, stecke, wirf, gib, stell, "
        "reinlegen"
    ),
    cart="warenkorb, korb, einkaufswagen, einkaufskorb, wagen, rein, hinein, dazu",
    add=(
        "in den warenkorb, in den korb, in den einkaufswagen, fuge+hinzu, fug+hinzu, fuge+dazu, hinzufugen, "
        "fuege+hinzu, hinzufuegen"
    ),
    take=(
        "ich nehme, ich nehm, nehme ich, nehm ich, nehmen wir, wir nehmen, nimm, ich kaufe, kaufe ich, ich "
        "bestelle, bestelle ich, kauf mir, bestell mir, noch eins, noch einen, noch eine, noch ein, noch zwei, "
        "noch drei"
    ),
    take_out=(
        "entferne, entfernen, entfern, losche, loschen, losch, loesche, nimm+raus, nimm+heraus, nimm+aus, "
        "nehmen+aus, raus, rausnehmen, herausnehmen, leere, leeren, streiche, streich"
    ),
    change=(
        "andere+auf, aendere+auf, mach+draus, mach+daraus, tausche, tausch, ersetze, setz+auf, setze+auf, "
        "reduziere, erhohe"
    ),
    request="kannst du, konntest du, konnen sie, konnten sie, wurdest du, wurden sie, konnt ihr, konntet ihr, bitte",
    question=(
        "hast, habt, haben, gibt, ist, sind, war, wie, was, wo, warum, wieso, weshalb, wann, welche, welcher, "
        "welches, welchen, wer, kann ich, soll ich, sollte ich, darf ich, muss ich, wenn, falls, ob, kostet, "
        "passt, kommt, wird, wurde, lohnt"
    ),
    doubt=(
        "nicht, kein, keine, keinen, keins, nie, wie, warum, ob, wenn, falls, vielleicht, spater, bereits, frage, "
        "sache, sag mir, zeig mir, geh, gehe, gehen, erklar, ich lege, du legst"
    ),
    yes=(
        "ja, jo, jep, jup, jawohl, gerne, gern, klar, bitte, ok, okay, mach das, mach mal, mach, genau, na klar, "
        "auf jeden fall, unbedingt, sicher, naturlich"
    ),
    many="leere, leeren, beide, beiden, beides, alle, alles, jeweils, zwei, drei, vier, funf",
    filler=(
        "der, die, das, den, dem, ein, eine, einen, einer, eins, in, danke, ich, mir, hatte, nehme, mochte, will, "
        "grosse, farbe, und, mit, dann, es, sie, ihn, nummer, noch, auch, nur, mal, doch, bitte, erste, ersten, "
        "zweite, zweiten, dritte, dritten, vierte, vierten, letzte, letzten, dazu, rein, warenkorb, fur, mich, "
        "sehr, davon, bin"
    ),
    else_="sonst, weiteres, etwas anderes, noch etwas",
    numbers=(
        "ein:1 eins:1 eine:1 einen:1 zwei:2 zwo:2 drei:3 vier:4 funf:5 fuenf:5 sechs:6 sieben:7 acht:8 neun:9 "
        "zehn:10 elf:11 zwolf:12 dutzend:12 paar:2 beide:2 beiden:2"
    ),
)
FRENCH: Final = Language(
    put="mets, met, mettez, mettre, place, placez, glisse, glissez",
    cart="panier, sac, chariot",
    add=(
        "au panier svp, au panier s il te plait, au panier s il vous plait, ajoute, ajoutez, ajouter, rajoute, "
        "rajoutez, rajouter, ajoutes"
    ),
    take=(
        "je+prends, on prend, je vais prendre, prends, j achete, je l achete, je commande, encore un, encore une, "
        "un de plus, une de plus, deux de plus"
    ),
    take_out=(
        "enleve, enlevez, enlever, retire, retirez, retirer, supprime, supprimez, supprimer, vide+panier, "
        "videz+panier, vider+panier, ote"
    ),
    change="remplace, remplacez, remplacer, change+pour, changez+pour, passe+a, passez+a",
    request=(
        "peux tu, pouvez vous, pourrais tu, pourriez vous, tu peux, vous pouvez, s il te plait, s il vous plait, "
        "stp, svp, merci de"
    ),
    question=(
        "avez vous, as tu, est ce, y a, comment, pourquoi, ou, quand, quel, quelle, quels, quelles, combien, qui, "
        "que, qu, puis je, dois je, faut il, si, c est, existe, as, avez"
    ),
    doubt=(
        "ne, n, pas, jamais, comment, pourquoi, si, peut etre, plus tard, deja, question, chose, ai ajoute, as "
        "ajoute, a ajoute, avez ajoute, dis moi, montre, montrez"
    ),
    yes=(
        "oui, ouais, d accord, ok, volontiers, bien sur, avec plaisir, vas y, allez y, absolument, s il te plait, "
        "s il vous plait, stp, svp, yes"
    ),
    many="vide, videz, vider, deux, trois, tous, toutes, tout, les deux, chacun, chacune, quatre, cinq",
    filler=(
        "le, la, les, l, un, une, celui, celle, en, s, il, te, vous, plait, merci, je, j, voudrais, veux, prends, "
        "taille, couleur, et, avec, de, du, des, pour, moi, numero, premier, premiere, deuxieme, second, seconde, "
        "troisieme, dernier, derniere, au, panier, dans, ca, aussi"
    ),
    else_="autre chose, d autre, autres",
    numbers="un:1 une:1 deux:2 trois:3 quatre:4 cinq:5 six:6 sept:7 huit:8 neuf:9 dix:10 onze:11 douze:12 "
    "douzaine:12",
)
SPANISH: Final = Language(
    put=(
        "pon, ponme, ponlo, ponla, ponlos, ponlas, ponga, pongame, poner, mete, meteme, metelo, metela, meter, "
        "echa, echame"
    ),
    cart="carrito, carro, cesta, bolsa",
    add=(
        "anade, anademe, anadelo, anadela, anadelos, anadelas, anadir, anadirlo, anadirla, anada, agrega, "
        "agregame, agregalo, agregala, agregalos, agregalas, agregar, agregarlo, agregarla, agregue"
    ),
    take=(
        "me+llevo, lo compro, la compro, los compro, compro el, compro la, compralo, comprala, quiero comprarlo, "
        "quiero comprarla, me quedo con, uno mas, una mas, otro mas, otra mas, dos mas"
    ),
    take_out=(
        "quita, quitalo, quitala, quitalos, quitame, quitar, elimina, eliminalo, eliminala, eliminar, borra, "
        "borrar, saca, sacalo, sacala, retira, retirar, vacia, vaciar"
    ),
    change="cambialo, cambiala, cambia+por, cambia+a, sustituye, reemplaza",
    request="puedes, podrias, puede, podria, por favor, porfa, me pones",
    question=(
        "tienes, tienen, teneis, hay, como, que, cual, cuales, donde, cuando, por que, porque, cuanto, cuanta, "
        "cuantos, cuestan, cuesta, quien, puedo, debo, es, son, esta, si"
    ),
    doubt="no, nunca, tampoco, como, si, quizas, tal vez, luego, despues, ya, pregunta, duda, cosa, dime, muestrame",
    yes="yes, si, claro, vale, ok, dale, de acuerdo, por supuesto, con gusto, bueno, adelante, por favor, porfa",
    many="vacia, vaciar, ambos, ambas, todos, todas, todo, los dos, las dos, dos, tres, cuatro, cinco",
    filler=(
        "el, la, los, las, un, una, uno, ese, esa, este, esta, en, gracias, yo, me, quiero, quisiera, llevo, "
        "talla, color, y, con, de, para, mi, numero, primero, primera, primer, segundo, segunda, tercero, "
        "tercera, ultimo, ultima, al, carrito, lo, por, favor, tambien"
    ),
    else_="algo mas, otra cosa, alguna otra",
    numbers=(
        "un:1 uno:1 una:1 dos:2 tres:3 cuatro:4 cinco:5 seis:6 siete:7 ocho:8 nueve:9 diez:10 once:11 doce:12 "
        "docena:12 ambos:2 ambas:2"
    ),
)
ITALIAN: Final = Language(
    put="metti, mettimi, mettilo, mettila, mettili, mettile, metta, mettere, inserisci, inserire",
    cart="carrello, borsa, cestino",
    add=(
        "aggiungi, aggiungimi, aggiungilo, aggiungila, aggiungili, aggiungile, aggiungere, aggiungerlo, "
        "aggiungerla, aggiunga"
    ),
    take=(
        "prendo, lo compro, la compro, compralo, comprala, lo acquisto, la acquisto, ancora uno, ancora una, uno "
        "in piu, una in piu"
    ),
    take_out=(
        "togli, toglilo, toglila, toglimi, togliere, rimuovi, rimuovilo, rimuovila, rimuovere, elimina, "
        "eliminalo, eliminare, cancella, svuota, svuotare"
    ),
    change="cambialo, cambiala, cambia+con, sostituisci, sostituiscilo",
    request="puoi, potresti, puo, potrebbe, per favore, per piacere, mi metti, mi aggiungi",
    question=(
        "hai, avete, ha, c e, ci sono, come, cosa, che, qual, quale, quali, dove, quando, perche, quanto, quanta, "
        "quanti, chi, posso, devo, se"
    ),
    doubt="non, mai, come, se, forse, dopo, gia, domanda, cosa, dimmi, mostrami, no",
    yes=(
        "yes, si, certo, va bene, ok, volentieri, d accordo, con piacere, fai pure, procedi, certamente, grazie "
        "mille, per favore"
    ),
    many="svuota, svuotare, entrambi, entrambe, tutti, tutte, tutto, due, tre, quattro, cinque",
    filler=(
        "il, lo, la, i, gli, le, l, un, una, uno, quello, quella, quelli, in, grazie, io, mi, vorrei, voglio, "
        "prendo, taglia, colore, e, con, di, per, me, numero, primo, prima, secondo, seconda, terzo, terza, "
        "ultimo, ultima, nel, carrello, favore, anche"
    ),
    else_="altro, qualcos",
    numbers=(
        "un:1 uno:1 una:1 due:2 tre:3 quattro:4 cinque:5 sei:6 sette:7 otto:8 nove:9 dieci:10 undici:11 dodici:12 "
        "dozzina:12 entrambi:2 entrambe:2"
    ),
)
PORTUGUESE: Final = Language(
    put="coloca, coloque, colocar, poe, ponha, bota, bote, botar",
    cart="carrinho, sacola, cesto, cesta",
    add="adiciona, adicione, adicionar, acrescenta, acrescente, acrescentar, inclui, inclua, incluir",
    take=(
        "vou levar, levo, quero levar, fico com, vou ficar com, eu compro, mais um, mais uma, mais dois, mais duas"
    ),
    take_out="remove, remova, remover, tira, tire, tirar, exclui, exclua, excluir, esvazia, esvazie, esvaziar",
    change="troca+por, troque+por, substitui, substitua, muda+para, mude+para, altera+para, altere+para",
    request="pode, poderia, da pra, por favor, pfv, consegue",
    question=(
        "tem, voces tem, ha, existe, como, o que, que, qual, quais, onde, quando, por que, porque, quanto, "
        "quanta, quantos, quem, posso, devo, esta, se"
    ),
    doubt="nao, nunca, como, se, talvez, depois, ja, pergunta, duvida, coisa, diga, mostre, mostra",
    yes="sim, claro, ok, pode ser, pode, com certeza, isso, por favor, quero, beleza, bora, yes",
    many=(
        "esvazia, esvazie, esvaziar, ambos, ambas, todos, todas, tudo, os dois, as duas, dois, duas, tres, "
        "quatro, cinco"
    ),
    filler=(
        "o, a, os, as, um, uma, esse, essa, este, esta, em, obrigado, obrigada, eu, me, quero, queria, levo, "
        "tamanho, cor, e, com, de, para, pra, mim, numero, primeiro, primeira, segundo, segunda, terceiro, "
        "terceira, ultimo, ultima, carrinho, favor, tambem"
    ),
    else_="mais alguma, algo mais, outra coisa",
    numbers=(
        "um:1 uma:1 dois:2 duas:2 tres:3 quatro:4 cinco:5 seis:6 sete:7 oito:8 nove:9 dez:10 onze:11 doze:12 "
        "duzia:12 ambos:2 ambas:2"
    ),
)
DUTCH: Final = Language(
    put="leg, leggen, doe, doen, stop, stoppen, zet, zetten, plaats, plaatsen, gooi",
    cart="winkelwagen, winkelmandje, mandje, wagentje, winkelkar, winkelwagentje, wagen",
    add="voeg+toe, toevoegen",
    take="ik neem, neem ik, ik koop, ik bestel, wij nemen, doe mij, doe mij maar, nog een, nog eentje, nog twee",
    take_out="verwijder, verwijderen, haal+uit, haal+weg, eruit, weghalen, leegmaken",
    change="wijzig+naar, verander+naar, maak er, vervang, vervangen, ruil+voor",
    request="kun je, kan je, kunt u, zou je, zou u, wil je, wilt u, alsjeblieft, alstublieft, aub, graag",
    question=(
        "heb je, heeft u, hebben, heb, heeft, is, zijn, hoe, wat, waar, waarom, wanneer, welke, wie, kan ik, moet "
        "ik, mag ik, als, of, kost, past"
    ),
    doubt="niet, geen, nooit, hoe, waarom, als, misschien, later, al, vraag, ding, laat zien, vertel",
    yes="ja, graag, prima, ok, oke, natuurlijk, zeker, doe maar, goed, tuurlijk, alsjeblieft, alstublieft",
    many="leegmaken, beide, alle, alles, allebei, allemaal, twee, drie, vier, vijf",
    filler=(
        "de, het, een, die, dat, deze, in, bedankt, dank, je, u, ik, mij, me, wil, neem, maat, kleur, en, met, "
        "voor, van, nummer, eerste, tweede, derde, laatste, ook, maar, winkelwagen, winkelmandje, er, doe"
    ),
    else_="nog iets, iets anders, anders",
    numbers=(
        "een:1 twee:2 drie:3 vier:4 vijf:5 zes:6 zeven:7 acht:8 negen:9 tien:10 elf:11 twaalf:12 dozijn:12 "
        "beide:2 allebei:2"
    ),
)
JAPANESE: Final = Language(
    put="入れ, いれて, 追加, 加え",
    cart="カート, かご, バスケット",
    add="カートへ, カートにお願い, 追加して, 追加お願い, 追加をお願い, 足して",
    take=(
        "をください, を下さい, にします, を買います, 買います, 購入します, をお願いします, でお願いします, "
        "もう一つ, もうひとつ, もう1つ, もう一個, もう1個, もう一枚"
    ),
    take_out="削除, 取り除, 外して, 取り消, 抜いて, 空にして, 減らして",
    change="変更して, 変えて, 交換して, 増やして",
    request="いただけ, もらえ, くれま, くれる, 頂け, ください, 下さい, お願い, おねがい",
    question="何, なに, どう, どこ, なぜ, いつ, どれ, どの, もし",
    doubt=(
        "教えて, 見せて, 知りたい, どうやって, 方法, しないで, 入れないで, やめ, いらない, 要らない, 後で, "
        "あとで, について, 詳細, 説明, 情報, 写真, 質問, ません, 一覧"
    ),
    yes=(
        "はい, ええ, うん, お願いします, おねがいします, お願い, そうです, オッケー, いいですよ, それで, ぜひ, "
        "もちろん"
    ),
    many="空にして, 両方, どちらも, 全部, 二つとも, 2つとも",
    filler=(
        "ください, 下さい, します, です, 方, ほう, サイズ, 色, 番目, 番, 目, カート, 入れて, それ, これ, "
        "買います, つ, 個, 枚, 着, 足"
    ),
    else_="他に, ほかに, 何か",
    numbers=(
        "一つ:1 ひとつ:1 二つ:2 ふたつ:2 三つ:3 みっつ:3 四つ:4 五つ:5 六つ:6 七つ:7 八つ:8 九つ:9 両方:2 二個:2 "
        "三個:3 二枚:2"
    ),
)
CHINESE: Final = Language(
    put="加入, 加到, 加进, 放进, 放入, 放到, 添加, 加購, 放進, 加進, 加",
    cart="购物车, 購物車, 购物篮",
    add="加购, 加購",
    take="我要这, 我要那, 我要這, 就要这, 买下, 我买这, 来一个, 来两个, 再来一, 再加一",
    take_out="删除, 刪除, 移除, 去掉, 拿掉, 清空",
    change="改成, 换成, 換成, 改为",
    request="请, 請, 帮我, 幫我, 麻烦, 麻煩",
    question="怎么, 怎麼, 什么, 什麼, 哪, 为什么, 如果",
    doubt="不, 没, 沒, 怎么, 怎麼, 如何, 什么, 什麼, 看看, 告诉, 问题",
    yes="好的, 好, 可以, 是的, 是, 对, 行, 嗯, 要",
    many="清空, 都, 全部, 两个, 兩個",
    filler="的, 请, 請, 谢谢, 謝謝, 那个, 这个, 第, 号, 色, 个, 件, 双, 我, 吧, 了, 一",
    else_="其他, 别的, 還, 还",
    numbers="一个:1 一件:1 两个:2 两件:2 兩個:2 三个:3 三件:3 四个:4 五个:5",
)
KOREAN: Final = Language(
    put="담아, 넣어, 추가",
    cart="장바구니, 카트",
    add="추가해, 담아줘, 담아 주",
    take="살게요, 구매할게요, 하나 더",
    take_out="빼줘, 빼 주, 빼주, 삭제, 제거, 비워",
    change="바꿔, 변경해",
    request="주세요, 줄래, 줄 수, 주시",
    question="어떻게, 뭐, 무엇, 어디, 왜, 언제",
    doubt="하지 마, 지마, 어떻게, 보여, 알려, 없",
    yes="네, 예, 응, 좋아요, 그래요, 그래",
    many="비워, 둘 다, 모두, 전부",
    filler="주세요, 걸로, 것, 요, 색, 사이즈, 번, 번째",
    else_="다른, 더 필요",
    numbers="하나:1 둘:2 두:2 셋:3 세:3",
)
ARABIC: Final = Language(
    put="ضع, ضعها, ضعه, ضعي, ضعيها, حط, حطها, حطه, حطي, ضعهما",
    cart="السلة, سلة, للسلة, بالسلة, العربة, عربة, للعربة, سلتي, عربتي, لسلتي, لعربتي, السله",
    add=(
        "أضف, أضيف, أضعها, أضعه, أضع, أضيفها, أضيفه, أضفها, أضفه, أضفهما, أضيفي, أضيفيها, أضيفيه, ضيف, ضيفها, "
        "ضيفه, تضيف, تضيفها, تضيفه, إضافة, إضافتها, إضافته"
    ),
    take="سآخذ, سآخذها, سآخذه, آخذ, آخذها, آخذه, سأشتري, سأشتريها, سأشتريه, واحدة أخرى, واحد آخر",
    take_out="احذف, احذفها, احذفه, احذفي, أزل, أزلها, أزله, شيل, شيلها, شيله, أفرغ, حذف, إزالة",
    change="استبدل, استبدلها, استبدله, بدلها, بدله, اجعلها, اجعله",
    request="هل يمكنك, يمكنك, ممكن, تقدر, لو سمحت, من فضلك, رجاء, هل تستطيع",
    question="هل, كيف, ما, ماذا, أين, متى, لماذا, كم, من, أي, إذا, لو",
    doubt="لا, لن, ليس, لم, كيف, إذا, ربما, لاحقا, سؤال",
    yes="نعم, أجل, أيوه, أيوا, تمام, حسنا, أكيد, طبعا, موافق, من فضلك, لو سمحت, ok",
    many="أفرغ, كلاهما, كلا, كلها, الاثنين, جميع, كليهما, كلتاهما, اثنين",
    filler=(
        "شكرا, أريد, واحدة, واحد, مقاس, لون, اللون, المقاس, في, إلى, السلة, الأول, الثاني, الثالث, الأولى, "
        "الثانية, الثالثة, رقم, هذا, هذه, و"
    ),
    else_="آخر, أخرى, غير",
    numbers=(
        "واحد:1 واحدة:1 اثنان:2 اثنين:2 قطعتين:2 ثلاثة:3 ثلاث:3 أربعة:4 أربع:4 خمسة:5 خمس:5 ستة:6 سبعة:7 ثمانية:8 "
        "تسعة:9 عشرة:10 كلاهما:2 كليهما:2"
    ),
)
HEBREW: Final = Language(
    put="שים, שימי, תשים, תשימי, לשים, הכנס, הכניסי, תכניס, תכניסי, להכניס",
    cart="לסל, בסל, הסל, סל, לעגלה, בעגלה, העגלה, עגלה, עגלת, לעגלת",
    add="הוסף, אוסיף, שאוסיף, אשים, שאשים, הוסיפי, תוסיף, תוסיפי, תוסיפו, להוסיף",
    take="אקח, אני לוקח, אני לוקחת, לוקח, לוקחת, אני קונה, עוד אחד, עוד אחת",
    take_out="הסר, תסיר, תסירי, להסיר, תוריד, תורידי, הורד, להוריד, תמחק, תמחקי, מחק, רוקן, תרוקן, תוציא, תוציאי",
    change="תחליף, תחליפי, החלף, תשנה, תשני",
    request="אפשר, תוכל, תוכלי, אתה יכול, את יכולה, בבקשה",
    question="יש, האם, איך, מה, איפה, מתי, למה, כמה, מי, איזה, איזו, אם",
    doubt="לא, אל, איך, אם, אולי, אחר כך, כבר, שאלה, תראה, תראי, ספר",
    yes="כן, בטח, בסדר, יאללה, סבבה, אוקיי, אוקי, בוודאי, בבקשה, ok",
    many="רוקן, תרוקן, שניהם, שתיהן, כולם, הכל, שני, שתי, שניים, שתיים",
    filler=(
        "את, ה, של, תודה, אני, רוצה, לי, מידה, צבע, בצבע, במידה, הראשון, הראשונה, השני, השנייה, השלישי, השלישית, "
        "מספר, זה, זאת, אחד, אחת, לסל, לעגלה"
    ),
    else_="עוד משהו, משהו אחר, נוסף",
    numbers=(
        "אחד:1 אחת:1 שניים:2 שתיים:2 שני:2 שתי:2 שלושה:3 שלוש:3 ארבעה:4 ארבע:4 חמישה:5 חמש:5 שישה:6 שש:6 שניהם:2 "
        "שתיהן:2"
    ),
)

LANGUAGES: Final = (
    *(ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH),
    *(JAPANESE, CHINESE, KOREAN, ARABIC, HEBREW),
)
# No request in any language, except for words that another language has for something else.
NEGATIONS: Final = (
    "not, don t, dont, never, nicht, kein, keine, keinen, niet, geen, pas, jamais, non, nao, nunca, لا, لن, לא, אל"
)
# What may stand before a request or a question.
GREETINGS: Final = (
    "hey, hi, hello, hallo, hola, bonjour, salut, ciao, ola, moin, so, and, und, et, y, e, en, also, then, dann, "
    "well, now, oh, great, cool, super"
)
# Nothing that such a word stands in is a yes, though there may be goods that are called so.
REFUSALS: Final = (
    "no, nope, nah, not, never, nein, ne, nicht, nee, niet, non, pas, nao, nunca, nie, net, нет, не, hayir, nej, "
    "nei, ei, لا, לא, いいえ, いや, 結構, 不, 아니"
)
PLEASE: Final = (
    "please, pls, plz, bitte, s il te plait, s il vous plait, stp, svp, por favor, porfa, per favore, per piacere, "
    "alsjeblieft, alstublieft, aub, graag, ください, 下さい, お願い, من فضلك, لو سمحت, בבקשה, 请, 請, 주세요"
)
# How shoppers of other languages say yes; none of these words is a no in another one.
OTHER_YES: Final = (
    "да, конечно, давай, хорошо, ага, tak, jasne, pewnie, dobrze, evet, tamam, olur, garna, absolut, javisst, japp, "
    "kylla, joo, ano, так, igen, ναι, हाँ, हां, जी, vang, ya, iya, ใช่"
)
YES_SIGNS: Final = "\N{THUMBS UP SIGN}\N{OK HAND SIGN}\N{WHITE HEAVY CHECK MARK}\N{HEAVY CHECK MARK}"
