"""The promises as comparisons of ledgers: each check yields a fault for every question that it does not hold for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from tests.chaos import carts
from tests.chaos.evidence import Evidence, Fault
from tests.chaos.questions import WORD, Question
from tests.chaos.system import ACTIVE

END_SECONDS = 30

Check = Callable[[Evidence], Iterator[Fault]]
Asked = dict[int, tuple[str, int]]  # request → the question and the step that it was for


def lost(evidence: Evidence) -> Iterator[Fault]:
    """Accepted messages are in the history, once and word by word; those that were refused are not."""
    for name, sent in evidence.sent.items():
        history = evidence.histories.get(sent.conversation, ())
        texts = [message["parts"][0]["text"] for message in history if message["id"] == name]
        if name in evidence.accepted and len(texts) != 1:
            yield Fault("lost", name, f"it was accepted and is {len(texts)} times in the history")
        elif any(text != sent.question.text for text in texts):
            yield Fault("lost", name, f"the history has another text: {texts}")
        elif name in evidence.refused and texts:
            yield Fault("lost", name, f"it was refused ({evidence.refused[name]}) and is in the history")


def foreign(evidence: Evidence) -> Iterator[Fault]:
    """Each conversation holds what was sent to it, and nothing else."""
    for conversation, messages in evidence.histories.items():
        for message in messages:
            sent = evidence.sent.get(message["id"])
            if message["role"] == "user" and (sent is None or sent.conversation != conversation):
                yield Fault("foreign", message["id"], f"it is in {conversation}, to which it was not sent")


def doubled(evidence: Evidence) -> Iterator[Fault]:
    """Each accepted question has one answer and one turn."""
    turns = Counter(turn["question"] for turn in evidence.turns)
    for name in evidence.accepted:
        answers = len(evidence.answers.get(name, ()))
        if (answers, turns[name]) != (1, 1):
            kind = "doubled" if answers > 1 or turns[name] > 1 else "lost"
            yield Fault(kind, name, f"it has {answers} answers and {turns[name]} turns")


def spliced(evidence: Evidence) -> Iterator[Fault]:
    """Every step of an answer, stored or shown at any time, is the words of one request to the model, from the
    first on; a complete answer has them all."""
    asked = {entry["request"]: (entry["question"], entry["step"]) for entry in evidence.asked}
    for name, answers in evidence.answers.items():
        for stored in answers:
            yield from _texts(name, stored.steps, asked, "stored")
            if stored.status == "complete" and name in evidence.sent:
                yield from _short(evidence.sent[name].question, stored.steps)
    for (name, reader), views in evidence.views.items():
        for view in views:
            yield from _texts(name, view.steps, asked, f"shown to reader {reader}")


def _texts(name: str, steps: list[str], asked: Asked, where: str) -> Iterator[Fault]:
    for number, text in enumerate(steps):
        fault = _text(name, number, text, asked)
        if fault:
            yield Fault(fault[0], name, f"{where}: {fault[1]} in step {number}: {text!r}")


def _text(name: str, step: int, text: str, asked: Asked) -> tuple[str, str] | None:
    """What is wrong with a step's text: the kind of fault, and words for it."""
    words = list(WORD.finditer(text))
    if any(found["question"] != name for found in words):
        return "foreign", "words of another question"
    if "".join(found[0] for found in words) != text:
        return "spliced", "torn words"
    if len({found["request"] for found in words}) > 1:
        return "spliced", "words of two tries"
    if [int(found["place"]) for found in words] != list(range(len(words))):
        return "spliced", "words that are missing or come twice"
    if words and asked.get(int(words[0]["request"])) != (name, step):
        return "spliced", "words of another step"
    return None


def _short(question: Question, steps: list[str]) -> Iterator[Fault]:
    words = [step.count(" ") for step in steps]
    if words != [step.words for step in question.steps]:
        yield Fault("spliced", question.id, f"a complete answer with steps of {words} words")


def unlike(evidence: Evidence) -> Iterator[Fault]:
    """What each reader was shown in the end, over all cuts, is what is stored; and so is how it ended."""
    for (name, reader), end in evidence.ends.items():
        answers, views = evidence.answers.get(name, ()), evidence.views[name, reader]
        if len(answers) != 1 or not views:
            continue  # which is counted as lost or doubled
        stored, seen = answers[0], views[-1]
        for what, shown, kept in (
            ("end", end, stored.status),
            ("text", _said(seen.steps), _said(stored.steps)),
            ("tools", seen.tools, stored.tools),
        ):
            if shown != kept:
                yield Fault("unlike", name, f"reader {reader} was shown the {what} {shown}, stored is {kept}")


def _said(steps: list[str]) -> list[str]:
    """The steps up to the last that says something."""
    while steps and not steps[-1]:
        steps = steps[:-1]
    return steps


def follows_on(evidence: Evidence) -> Iterator[Fault]:
    """Streams follow on from where they were cut, and what the history says right after the end is what it says
    ever after: final message first, terminal event second."""
    for entry in evidence.of("odd"):
        yield Fault("unlike", entry["question"], entry["what"])
    for entry in evidence.of("looked-up"):
        stored = evidence.answers.get(entry["question"], [])
        if stored and (entry["status"], entry["steps"]) != (stored[0].status, stored[0].steps):
            yield Fault("unlike", entry["question"], f"right after its end the history had {entry['steps']}")


def unfinished(evidence: Evidence) -> Iterator[Fault]:
    """Every accepted question has its answer's end within 30 seconds, not counting the model's own time."""
    for turn in evidence.turns:
        if turn["state"] in ACTIVE or turn["status"] in ACTIVE:
            yield Fault("unfinished", turn["question"], f"its turn is {turn['state']}, its answer {turn['status']}")
    for name, begun in evidence.accepted.items():
        seconds = evidence.ended.get(name, float("inf")) - begun - evidence.sent[name].question.seconds
        if seconds > END_SECONDS:
            yield Fault("unfinished", name, f"it ended after {seconds:.1f} s")


def rude(evidence: Evidence) -> Iterator[Fault]:
    """Requests are answered, or asked to come again and when."""
    for entry in evidence.of("rude"):
        yield Fault("rude", "", f"{entry['what']} was answered {entry['status']} {entry['code']}")
    for entry in evidence.of("refused"):
        if entry["code"] != "turn-running" or entry["question"] in evidence.accepted:
            yield Fault("rude", entry["question"], f"it was refused: {entry['status']} {entry['code']}")
    for entry in evidence.of("gave-up"):
        yield Fault("rude", entry["question"], "nobody could be reached for it")


def crashed(evidence: Evidence) -> Iterator[Fault]:
    """No worker dies that nobody killed."""
    for entry in evidence.of("crashed"):
        yield Fault("crashed", "", entry["said"])


def again(evidence: Evidence) -> Iterator[Fault]:
    """Where only shoppers do anything: every answer is complete, and the model was asked once."""
    asked = Counter((entry["question"], entry["step"]) for entry in evidence.asked if entry["kind"] == "asked")
    for (name, step), times in asked.items():
        if times > 1:
            yield Fault("doubled", name, f"the model was asked {times} times for step {step}")
    yield from cut_short(evidence)


def cut_short(evidence: Evidence) -> Iterator[Fault]:
    """Every answer is complete."""
    for turn in evidence.turns:
        if turn["state"] != "complete":
            yield Fault("noticed", turn["question"], f"its turn ended {turn['state']}")


ALWAYS: tuple[Check, ...] = (
    lost,
    foreign,
    doubled,
    spliced,
    unlike,
    follows_on,
    unfinished,
    rude,
    crashed,
    carts.told_again,
    carts.unconfirmed,
    carts.wrong,
    carts.unwritten,
)


def faults(evidence: Evidence, *more: Check) -> list[Fault]:
    """All that is wrong."""
    return [fault for check in (*ALWAYS, *more) for fault in check(evidence)]
