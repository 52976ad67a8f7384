"""The engine: accepts messages, has their turns run, lets readers follow, and stops them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from peewee import IntegrityError

from widget_api.models import (
    ACTIVE,
    Chunk,
    Conversation,
    Message,
    Session,
    Turn,
    connected,
    execute,
    now,
    transaction,
)
from widget_api.problems import Busy, MessageMismatch, MessageNotFound, TooManyTurns, TurnRunning
from widget_api.shopify.sizes import fit_parts
from widget_api.streams.base import Follower, Leave, LogMissing, Position
from widget_api.streams.shared import SharedStreamLog
from widget_api.turns import events, stops
from widget_api.turns.conversation import Question, asked, attached, known, opened, replacement, reworded
from widget_api.turns.events import Event
from widget_api.turns.job import TURN_SECONDS, Visitor
from widget_api.turns.jobs import Jobs, Shops
from widget_api.turns.journal import Journal
from widget_api.turns.keeper import Keeper
from widget_api.turns.recovery import has_just_ended, hold
from widget_api.turns.stops import Target
from widget_api.turns.writer import LONG_EVENTS

# A stop is heard by the process that runs the turn within a round of its keeper; one that does not hear loses it.
STOP_SECONDS, STOP_LOOK_SECONDS = 2.0, 0.05
# Two processes may begin the same conversation, or accept the same message, at the same moment.
ACCEPT_TRIES = 3
# When to ask again for what is refused because other answers run: most of them last a few seconds.
ROOM_SECONDS = 3

_RUNNING: Final = (
    "SELECT COUNT(*) FROM turn JOIN conversation ON conversation.pk = turn.conversation_id "
    "WHERE turn.state IN ('queued', 'running') AND conversation.session_id = %s"
)


class Engine:
    """All turns of one process, and the way to those of the others."""

    def __init__(
        self,
        shops: Shops,
        log: SharedStreamLog,
        journal: Journal,
        *,
        max_turns: int,
        max_turns_of_session: int | None = None,
        chores: Callable[[], None] = lambda: None,
        turn_seconds: float = TURN_SECONDS,
    ) -> None:
        """`chores` is called once a minute. A turn that is silent for `turn_seconds` is ended."""
        self._log = log
        self.max_turns_of_session = max_turns_of_session
        self._journal = journal
        self.jobs = Jobs(shops, log, journal, max_turns)
        self._keeper = Keeper(self.jobs, chores, turn_seconds)

    # accepting

    def send(self, visitor: Visitor, conversation: str, question: Question) -> Turn:
        """Accept a message, or attach to the turn it already has. Durable when this returns.

        Raises `TurnRunning`, `MessageMismatch`, `ConversationNotFound` or `Busy`.
        """

        return self._accept(visitor, conversation, partial(self._send, visitor, conversation, question))

    def _send(self, visitor: Visitor, conversation: str, question: Question, turn: str) -> Turn:
        Session.ensure(visitor.shop.id, visitor.session)
        earlier = known(visitor.session, question)
        if earlier:
            return attached(earlier, conversation, question)
        thread = opened(visitor.session, conversation, question)
        _refuse_second_turn(thread)
        return self._begin(turn, thread, asked(thread, question))

    def reword(self, visitor: Visitor, conversation: str, question: Question) -> Turn:
        """Answer the newest question in another wording; its earlier version is kept. One that was never accepted is
        sent now, and one that says the same attaches to its turn. Raises as `send` does.
        """

        def accepted(turn: str) -> Turn:
            Session.ensure(visitor.shop.id, visitor.session)
            earlier = known(visitor.session, question)
            if earlier is None or earlier.digest == question.digest:
                return self._send(visitor, conversation, question, turn)
            thread = Conversation.of(visitor.session, conversation)
            newest = Turn.newest(thread)
            if newest is None or newest.question_id != earlier.pk:
                raise MessageMismatch("Only the newest question can be reworded; earlier ones stay as they are.")
            _refuse_second_turn(thread)
            return self._begin(turn, thread, reworded(thread, newest, question), newest.answer.version + 1)

        return self._accept(visitor, conversation, accepted)

    def regenerate(self, visitor: Visitor, conversation: str, named: str, question: Question | None = None) -> Turn:
        """Answer the newest question again. `named` is the answer to replace, its question, or empty for the
        newest; `question` is what the client takes for the newest one. One that was never accepted - the AI
        SDK's retry of a refused message - is sent now.

        A repeated request attaches to the turn that replaces the answer. Raises as `send` does, and
        `MessageNotFound`.
        """

        def accepted(turn: str) -> Turn:
            Session.ensure(visitor.shop.id, visitor.session)
            thread = Conversation.of(visitor.session, conversation)
            newest = Turn.newest(thread)
            if newest is None:
                raise MessageNotFound("There is no answer to replace yet.")
            if question and question.id != newest.question.id:
                raise MessageNotFound("Only the newest answer can be replaced.")
            replaced = newest.answer if named in {"", newest.question.id} else Message.of(thread, named)
            if replaced.pk != newest.answer_id:
                return replacement(replaced, newest)
            _refuse_second_turn(thread)
            Message.update(replaced=True).where(Message.pk == replaced.pk).execute()
            return self._begin(turn, thread, newest.question, replaced.version + 1)

        if question and not known(visitor.session, question):
            return self.send(visitor, conversation, question)
        return self._accept(visitor, conversation, accepted)

    def _accept(self, visitor: Visitor, conversation: str, accepted: Callable[[str], Turn]) -> Turn:
        """Run `accepted` as one change of the database, all or nothing, that shares its commit with others.

        It gets the id for a new turn, empty when there is no place for one.
        """
        self.start()
        self._look_after(Conversation.find(visitor.session, conversation))
        new = secrets.token_hex(16) if self.jobs.reserve(visitor.shop) else ""
        begun = False
        try:
            turn = self._once(lambda: accepted(new))
            begun = turn.id == new
        finally:
            if new and not begun:
                self._log.discard(new)
                self.jobs.free(visitor.shop)
        if begun:
            self.jobs.begin(turn, visitor)
        return turn

    def _once(self, accepted: Callable[[], Turn]) -> Turn:
        """Whoever comes second of two at the same moment finds what the first has written."""
        for _ in range(ACCEPT_TRIES - 1):
            try:
                return self._journal.commit(accepted)
            except IntegrityError:
                continue
        return self._journal.commit(accepted)

    def _begin(self, new: str, thread: Conversation, question: Message, version: int = 1) -> Turn:
        if not new:
            raise Busy("Please try again in a moment.", retry_after=2)
        self._require_room(thread.session_id)
        thread.attempts += 1
        renewed = "UPDATE conversation SET attempts = %s, updated_at = %s WHERE pk = %s"
        execute(renewed, thread.attempts, now(), thread.pk)
        answer = Message.add(
            id=secrets.token_hex(16),
            session=thread.session_id,
            conversation=thread,
            role="assistant",
            status="running",
            version=version,
        )
        # Before the commit, so that whoever sees the turn finds its log.
        self._log.open(new, thread.attempts)
        turn = Turn.add(
            id=new,
            conversation=thread,
            question=question,
            answer=answer,
            attempt=thread.attempts,
            worker=self.jobs.worker,
            lease_until=0,
            stop_requested=stops.take_pending_stop(thread, question.id, version),
        )
        hold(turn)
        return turn

    def require_room(self, session: str, conversation: str, message: str = "") -> None:
        """Refuse early what would begin one turn too many. Accepting it would do so too, but takes more.

        Passes what begins no turn: a `message` that was accepted before, and whatever is asked of a conversation
        whose own turn runs. Raises `TooManyTurns`.
        """
        with connected():
            try:
                self._require_room(session)
            except TooManyTurns:
                thread = Conversation.find(session, conversation)
                newest = Turn.newest(thread) if thread else None
                is_running = newest is not None and newest.active
                if not (is_running or (message and Message.find_by(session=session, id=message))):
                    raise

    def _require_room(self, session: str) -> None:
        """Raises `TooManyTurns`. Where the session is locked, its turns cannot become more meanwhile."""
        most = self.max_turns_of_session
        if most is not None and execute(_RUNNING, session).fetchone()[0] >= most:
            raise TooManyTurns("Wait until one of them has ended, or stop it.", retry_after=ROOM_SECONDS)

    # following

    def follow(self, turn: Turn, after: Position | None, follower: Follower) -> Leave:
        """Push the turn's events after the position to the follower, wherever the turn runs, and a replay of the
        stored answer when its events are gone. Raises `Busy` when they cannot be had just now."""
        told = self._told_shortly(turn, after)
        if told:
            said, after = told
            follower.push(said)
        try:
            if turn.active or has_just_ended(turn):
                return self._log.follow(turn.id, after, follower)
        except LogMissing as exc:
            if turn.active:
                raise Busy("The answer cannot be followed just now.", retry_after=1) from exc
        if not told:
            follower.push(events.framed(_replay(turn)))
        follower.end(whole=True)
        return _left

    def _told_shortly(self, turn: Turn, after: Position | None) -> tuple[bytes, Position] | None:
        """For one who reads a long answer from its beginning: the fewest events that lead as far as its log, and
        where that is."""
        job = self.jobs.get(turn.id)
        if after and after.attempt == (job.turn if job else turn).attempt:
            return None
        if job:
            return job.writer.compacted()
        end = None if turn.active else _end(turn)
        return (events.framed(_replay(turn), end), end) if end and end.seq >= LONG_EVENTS else None

    def resumable(self, conversation: Conversation, after: Position | None) -> Turn | None:
        """The turn whose stream a client should follow: the running one, or one that has just ended and still
        has something to tell. None when there is nothing to follow."""
        turn = self._look_after(conversation)
        if turn is None or turn.active:
            return turn
        if not has_just_ended(turn):
            return None
        return turn if self._log.tells(turn.id, after) or _told_otherwise(turn, after) else None

    def owe(self, turn: str) -> None:
        """Somebody has read the turn's partial answer and will follow the rest, with or without a position."""
        self._log.owe(turn)

    def _look_after(self, conversation: Conversation | None) -> Turn | None:
        """The conversation's newest turn, taken over if it runs but nobody works on it any more."""
        turn = Turn.newest(conversation) if conversation else None
        if turn is None or not turn.active:
            return turn
        self._keeper.look_after(turn)
        return Turn.get_by_id(turn.id)

    # stopping

    def stop(self, conversation: Conversation) -> str:
        """Stop the running turn, wherever it runs, and wait until its partial answer is kept. Idempotent.

        Returns the state of the conversation's newest turn, or `idle` when it never had one.
        """
        with connected():
            turn = Turn.newest(conversation)
        return "idle" if turn is None else self._stopped_state(turn)

    def stop_answer(self, session: str, target: Target) -> str | None:
        """Stop the answer as `stop` does, and return its state; None when its question has not arrived yet. An answer
        that has ended stays as it is. Raises `ConversationNotFound` or `MessageNotFound`.
        """
        with connected():
            turn = stops.find_turn(session, target)
        return None if turn is None else self._stopped_state(turn)

    def stop_on_arrival(self, visitor: Visitor, target: Target) -> str:
        """Remember to stop the answer as soon as its question arrives, and return `stopped`. If the question has
        arrived in the meantime, stop the answer and return its state. Raises as `stop_answer` does.
        """
        with transaction():
            turn = stops.find_turn_or_remember(visitor, target)
        return "stopped" if turn is None else self._stopped_state(turn)

    def _stopped_state(self, turn: Turn) -> str:
        if turn.active:
            self._stop(turn)
        return str(_reread(turn).state)

    def _stop(self, turn: Turn) -> None:
        with transaction():
            Turn.update(stop_requested=True).where((Turn.id == turn.id) & (Turn.state << ACTIVE)).execute()
        job = self.jobs.get(turn.id)
        if job:
            self.jobs.end(job)
            return
        self._keeper.look_after(turn)
        deadline = time.monotonic() + STOP_SECONDS
        while (newest := _reread(turn)).active:
            if time.monotonic() > deadline:
                self.jobs.settle(newest, None)
                return
            time.sleep(STOP_LOOK_SECONDS)

    def stop_session(self, session: str) -> None:
        """Stop every turn of the session that runs here, as before it is forgotten."""
        self.jobs.end_all([job for job in self.jobs if job.session == session])

    def discard(self, turns: list[str]) -> None:
        """Erase the logs of these turns."""
        for turn in turns:
            self._log.discard(turn)

    # keeping

    def start(self) -> None:
        """Begin to keep watch, and take over what an earlier process left behind. Idempotent, cheap when done."""
        self._keeper.start()

    def close(self, grace: float) -> None:
        """Give running turns `grace` seconds to end; the others are left to another process, or to the next."""
        self.jobs.close(grace)
        self._keeper.close()
        self._journal.close()
        self._log.shutdown()


def _refuse_second_turn(thread: Conversation) -> None:
    newest = Turn.newest(thread)
    if newest and newest.active:
        raise TurnRunning("Wait for it to end, or stop it.", turn_id=newest.id)


def _reread(turn: Turn) -> Turn:
    with connected():
        return Turn.get_by_id(turn.id)


def _told_otherwise(turn: Turn, after: Position | None) -> bool:
    """Whether the reader was told of the ended turn by an attempt that another one has replaced."""
    if after is None or after.attempt == turn.attempt:
        return False
    return bool(Chunk.select().where((Chunk.turn == turn.id) & (Chunk.attempt == after.attempt)).exists())


def _end(turn: Turn) -> Position:
    """Where the last event of an ended turn stands; 0 when its events are no longer kept."""
    newest = "SELECT MAX(last_seq) FROM chunk WHERE turn_id = %s AND attempt = %s"
    with connected():
        return Position(turn.attempt, execute(newest, turn.id, turn.attempt).fetchone()[0] or 0)


def _replay(turn: Turn) -> list[Event]:
    with connected():
        answer = Message.get_by_id(turn.answer_id).to_dict()
    return list(events.replay({**answer, "parts": fit_parts(answer["parts"])}))


def _left(*, heard: bool = False) -> None:
    """Nothing is followed any more."""
