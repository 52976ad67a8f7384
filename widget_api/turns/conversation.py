"""What a conversation's rows say to its turns: what was asked, what was said, which turn answers it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from widget_api.models import MOST_ROWS, Conversation, Message, Turn, execute, fitting, octets
from widget_api.problems import MessageMismatch, MessageNotFound
from widget_api.text import cut, fold
from widget_api.turns import prompt

TITLE_CHARACTERS = 60
# More than the model's budget holds; what does not fit is left out by `prompt.history`.
HISTORY_MESSAGES = 60
HISTORY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Question:
    """A shopper's message: its client-made id and its cleaned parts."""

    id: str
    parts: list[dict[str, Any]]

    @property
    def digest(self) -> str:
        """What tells two texts apart. The page is not part of it: a message may be sent again from the next."""
        return hashlib.sha256(prompt.text_of(self.parts).encode()).hexdigest()


def said(turn: Turn) -> list[Message]:
    """The conversation up to the turn's question, oldest first."""
    before = turn.question_id + 1
    said, _ = Message.newest_first(turn.conversation_id, HISTORY_MESSAGES, HISTORY_BYTES, before=before)
    return said[::-1]


def opened(session: str, id: str, question: Question) -> Conversation:
    """The session's conversation, begun with this question if there is none. Raises `ConversationNotFound`."""
    found = Conversation.find_by(session=session, id=id)
    if found:
        return Conversation.of(session, id)
    title = _title(prompt.text_of(question.parts))
    return Conversation.add(id=id, session=session, title=title, search=fold(title))


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARACTERS else f"{cut(line, TITLE_CHARACTERS - 1).rstrip()}…"


def asked(thread: Conversation, question: Question, first: int | None = None) -> Message:
    """Write the question down. `first` is the row with its first wording, of one that was reworded."""
    return Message.add(
        id=question.id,
        session=thread.session_id,
        conversation=thread,
        role="user",
        parts=question.parts,
        search=fold(prompt.text_of(question.parts)),
        digest=question.digest,
        first_pk=first,
    )


def reworded(thread: Conversation, newest: Turn, question: Question) -> Message:
    """Write down another wording of the newest question, which keeps its id; the one before and its answer stay as
    an earlier version."""
    earlier = newest.question
    # No client makes ids like this one.
    Message.update(replaced=True, id=f"{earlier.id}~{earlier.pk}").where(Message.pk == earlier.pk).execute()
    Message.update(replaced=True).where(Message.pk == newest.answer_id).execute()
    if thread.title == _title(prompt.text_of(earlier.parts)):
        title = _title(prompt.text_of(question.parts))
        Conversation.update(title=title, search=fold(title)).where(Conversation.pk == thread.pk).execute()
    return asked(thread, question, first=earlier.first_pk or earlier.pk)


def versions(
    answer: Message, limit: int, most_bytes: int, before: int = MOST_ROWS
) -> tuple[list[tuple[Message, Message]], int | None]:
    """Return the newest versions of the answer among the rows before `before`, oldest first, each with the question
    in the wording that it answers; and before which row there are older ones, or None.

    At most `limit`, and only so many that they have `most_bytes` together, but always one where there is one.
    """
    size = f"{octets('question.parts')} + {octets('answer.parts')}"
    newest = f"{_VERSIONS} AND answer.pk < %s ORDER BY answer.pk DESC LIMIT %s"
    pairs = f"SELECT question.pk, answer.pk, {size} {newest}"
    found = execute(pairs, *_owner(answer), before, limit + 1).fetchall()
    kept = [pair for *pair, _ in found[: fitting([size for *_, size in found[:limit]], most_bytes)]]
    rows = {row.pk: row for row in Message.select().where(Message.pk << [pk for pair in kept for pk in pair])}
    versions = [(rows[question], rows[said]) for question, said in reversed(kept)]
    return versions, kept[-1][1] if len(kept) < len(found) else None


def version_of(answer: Message, number: int) -> Turn | None:
    """Return the turn that wrote that version of the answer, or None."""
    found = execute(f"SELECT turn.id {_VERSIONS} AND answer.version = %s", *_owner(answer), number).fetchone()
    return Turn.get_by_id(found[0]) if found else None


# All answers to the question of an answer, in any of its wordings.
_VERSIONS: Final = (
    "FROM turn JOIN message question ON question.pk = turn.question_id "
    "JOIN message answer ON answer.pk = turn.answer_id "
    "WHERE turn.conversation_id = %s AND COALESCE(question.first_pk, question.pk) = ("
    "SELECT COALESCE(asked.first_pk, asked.pk) FROM turn JOIN message asked ON asked.pk = turn.question_id "
    "WHERE turn.answer_id = %s)"
)


def _owner(answer: Message) -> tuple[int, int]:
    return answer.conversation_id, int(answer.pk)


def known(session: str, question: Question) -> Message | None:
    """The message that was accepted under the question's id."""
    return Message.find_by(session=session, id=question.id)


def attached(earlier: Message, conversation: str, question: Question) -> Turn:
    """The turn of a message that was sent before. Raises `MessageMismatch`."""
    same = earlier.digest == question.digest and earlier.conversation.id == conversation
    turn = Turn.newest_for(earlier) if same else None
    if turn is None:
        raise MessageMismatch("Send the new text under a new message id.")
    Conversation.of(earlier.session_id, conversation)
    return turn


def replacement(replaced: Message, newest: Turn) -> Turn:
    """The turn that has replaced the answer. Raises `MessageNotFound` for answers further up."""
    if replaced.replaced and Turn.get(Turn.answer == replaced.pk).question_id == newest.question_id:
        return newest
    raise MessageNotFound("Only the newest answer can be replaced.")
