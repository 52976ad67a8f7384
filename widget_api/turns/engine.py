"""The engine: accepts messages, runs each turn in a thread of its own, lets readers follow, and stops them."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from widget_api.llm.base import Model
from widget_api.models import ACTIVE, Conversation, Message, Session, Shop, Turn, connected, now, transaction
from widget_api.problems import AnswerInterrupted, Busy, MessageNotFound, Problem, TurnRunning
from widget_api.shopify.store import Store
from widget_api.shopify.tools import Toolbox, variants_seen
from widget_api.streams.base import LogMissing, Position, StreamLog
from widget_api.turns import events, prompt
from widget_api.turns.cart import SessionCart
from widget_api.turns.conversation import Question, asked, attached, known, opened, replacement, said
from widget_api.turns.job import Job, Visitor
from widget_api.turns.journal import Journal
from widget_api.turns.keeper import LEASE_MS, Keeper
from widget_api.turns.recovery import end, settle, state_after
from widget_api.turns.run import Run, Tally
from widget_api.turns.writer import Stopper, Writer

logger = logging.getLogger(__name__)

# A turn that is stopped ends within a commit, unless it waits for the shop: then it is ended without its thread.
STOP_WAIT_SECONDS = 1
# Followers write at least this often, so proxies and phones keep the connection.
HEARTBEAT_SECONDS = 15


class Shops(Protocol):
    """What the engine needs of each shop."""

    def model(self, shop: Shop) -> Model: ...

    def store(self, shop: Shop, page: dict[str, str]) -> Store: ...


class Engine:
    """All turns of one process."""

    def __init__(self, shops: Shops, log: StreamLog, journal: Journal, *, max_turns: int) -> None:
        self._shops = shops
        self._log = log
        self._journal = journal
        self._places = threading.Semaphore(max_turns)
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._keeper = Keeper(self)

    # accepting

    def send(self, visitor: Visitor, conversation: str, question: Question) -> Turn:
        """Accept a message, or attach to the turn it already has. Durable when this returns.

        Raises `TurnRunning`, `MessageMismatch`, `ConversationNotFound` or `Busy`.
        """

        def accepted(turn: str) -> Turn:
            Session.ensure(visitor.shop.id, visitor.session)
            earlier = known(visitor.session, question)
            if earlier:
                return self._settled(attached(earlier, conversation, question))
            thread = opened(visitor.session, conversation, question)
            self._refuse_second_turn(thread)
            return self._begin(turn, thread, asked(thread, question))

        return self._accept(visitor, accepted)

    def regenerate(self, visitor: Visitor, conversation: str, named: str, question: Question | None = None) -> Turn:
        """Answer the newest question again. `named` is the answer to replace, its question, or empty for the
        newest; `question` is what the client takes for the newest one. One that was never accepted - the AI
        SDK's retry of a refused message - is sent now.

        A repeated request attaches to the turn that replaces the answer. Raises as `send` does, and
        `MessageNotFound`.
        """

        def accepted(turn: str) -> Turn:
            thread = Conversation.of(visitor.session, conversation)
            newest = Turn.newest(thread)
            if newest is None:
                raise MessageNotFound("There is no answer to replace yet.")
            if question and question.id != newest.question.id:
                raise MessageNotFound("Only the newest answer can be replaced.")
            replaced = newest.answer if named in {"", newest.question.id} else Message.of(thread, named)
            if replaced.pk != newest.answer_id:
                return replacement(replaced, newest)
            self._refuse_second_turn(thread)
            Message.update(replaced=True).where(Message.pk == replaced.pk).execute()
            return self._begin(turn, thread, newest.question)

        if question and not known(visitor.session, question):
            return self.send(visitor, conversation, question)
        return self._accept(visitor, accepted)

    def _accept(self, visitor: Visitor, accepted: Callable[[str], Turn]) -> Turn:
        """Run `accepted` as one change of the database, all or nothing, that shares its commit with others.

        It gets the id for a new turn, empty when there is no place for one.
        """
        self.start()
        new = secrets.token_hex(16) if self._places.acquire(blocking=False) else ""
        begun = False
        try:
            turn = self._journal.commit(lambda: accepted(new))
            begun = turn.id == new
        finally:
            if new and not begun:
                self._log.discard(new)
                self._places.release()
        if begun:
            stopper = Stopper()
            writer = Writer(turn.id, turn.attempt, self._log, self._journal, stopper)
            self._run(Job(turn, visitor, writer, stopper))
        return turn

    def _settled(self, turn: Turn) -> Turn:
        """The turn, settled if its process has died."""
        gone = turn.active and not self._keeper.alive(turn)
        return Turn.get_by_id(turn.id) if gone else turn

    def _refuse_second_turn(self, thread: Conversation) -> None:
        newest = Turn.newest(thread)
        if newest and newest.active and self._keeper.alive(newest):
            raise TurnRunning("Wait for it to end, or stop it.", turn_id=newest.id)

    def _begin(self, new: str, thread: Conversation, question: Message) -> Turn:
        if not new:
            raise Busy("Please try again in a moment.", retry_after=2)
        thread.attempts += 1
        thread.updated_at = now()
        thread.save()
        answer = Message.create(
            id=secrets.token_hex(16),
            session=thread.session_id,
            conversation=thread,
            role="assistant",
            status="running",
        )
        # Before the commit, so that whoever sees the turn finds its log.
        self._log.open(new, thread.attempts)
        return Turn.create(
            id=new,
            conversation=thread,
            question=question,
            answer=answer,
            attempt=thread.attempts,
            worker=self._keeper.worker,
            lease_until=now() + LEASE_MS,
        )

    # running

    def _run(self, job: Job) -> None:
        with self._lock:
            self._jobs[job.turn.id] = job
        thread = threading.Thread(target=self._work, args=(job,), name=f"turn-{job.turn.id}", daemon=True)
        try:
            thread.start()
        except RuntimeError as exc:  # no more threads on this machine: the message is kept, a retry is offered
            self._forget(job)
            settle(job.turn)
            self._log.discard(job.turn.id)
            raise Busy("Please try again in a moment.", retry_after=2) from exc

    def _forget(self, job: Job) -> None:
        with self._lock:
            self._jobs.pop(job.turn.id, None)
        self._places.release()
        job.ended.set()

    def _work(self, job: Job) -> None:
        turn = job.turn
        tally = Tally()
        problem: Problem | None = None
        try:
            self._answer(job, tally)
        except Problem as exc:
            problem = exc
            logger.warning("turn %s failed: %s %s", turn.id, exc.code, exc.detail)
        except Exception:
            problem = Problem("Please try again.")
            logger.exception("turn %s failed", turn.id)
        try:
            self._finish(job, tally, problem)
        except Exception:
            # The database would not take it. The keeper settles the turn when it does again.
            logger.exception("turn %s could not be ended", turn.id)
            job.writer.end(events.error_event(Problem("Please try again.").to_dict()))
        finally:
            self._forget(job)

    def _answer(self, job: Job, tally: Tally) -> None:
        turn, shop, writer = job.turn, job.visitor.shop, job.writer
        with connected():
            if Turn.get_by_id(turn.id).stop_requested:  # between its acceptance and its first breath
                job.stopper.stop()
            writer.start(turn.answer.id)
            messages = said(turn)
            page = prompt.page_of(turn.question)
        cart = SessionCart(job.visitor.session)
        tools = Toolbox(self._shops.store(shop, page), cart, variants_seen(prompt.tool_outputs(messages)))
        model = self._shops.model(shop)
        run = Run(turn.id, turn.attempt, model, tools, cart.writing, writer, self._journal, tally)
        run.answer(prompt.system(shop, page), prompt.history(messages))

    def _finish(self, job: Job, tally: Tally, problem: Problem | None) -> None:
        """The final message first, the terminal event second."""
        writer = job.writer
        if job.stopper.stopped:
            problem = job.stopper.reason
        state = state_after(problem, stopped=job.stopper.stopped)
        writer.close_parts()
        parts = writer.fold.parts
        error = problem.to_dict() if problem else None
        usage = {
            "model": tally.model,
            "input_tokens": tally.usage.input,
            "output_tokens": tally.usage.output,
        }
        self._journal.commit(lambda: end(job.turn, state, parts, error, **usage))
        writer.end(events.terminal(state, tally.finish_reason, error))

    # following

    def follow(self, turn: Turn, after: Position | None = None) -> Iterator[bytes]:
        """The turn's stream as bytes of server-sent events: the log's, or a replay of the stored answer.

        Raises `Busy` while another process still writes the answer, as during a deploy.
        """
        try:
            log = self._log.follow(turn.id, after, HEARTBEAT_SECONDS)
        except LogMissing as exc:
            if turn.active:
                raise Busy("The answer is being finished elsewhere.", retry_after=1) from exc
            return self._replay(turn)
        return _stream(log)

    def resumable(self, conversation: Conversation, after: Position | None) -> Turn | None:
        """The turn whose stream a client should follow: the running one, or one that has just ended and still
        has something to tell. None when there is nothing to follow."""
        turn = Turn.newest(conversation)
        if turn is None:
            return None
        if turn.active:
            return turn if self._keeper.alive(turn) else None
        return turn if self._log.tells(turn.id, after) else None

    def owe(self, turn: str) -> None:
        """Somebody has read the turn's partial answer and will follow the rest, with or without a position."""
        self._log.owe(turn)

    def _replay(self, turn: Turn) -> Iterator[bytes]:
        with connected():
            message = Message.get_by_id(turn.answer_id).to_dict()
        frames = (events.frame(events.encode(event)) for event in events.replay(message))
        return iter([events.OPEN, b"".join(frames), events.DONE])

    # stopping

    def stop(self, conversation: Conversation) -> str:
        """Stop the running turn and wait until its partial answer is kept. Idempotent.

        Returns the state of the conversation's newest turn, or `idle` when it never had one.
        """
        with connected():
            turn = Turn.newest(conversation)
        if turn is None:
            return "idle"
        if turn.active and self._keeper.alive(turn):
            with transaction():
                Turn.update(stop_requested=True).where((Turn.id == turn.id) & Turn.state.in_(ACTIVE)).execute()
            self._end_here(turn.id)
        with connected():
            return str(Turn.get_by_id(turn.id).state)

    def _end_here(self, turn: str) -> None:
        job = self._jobs.get(turn)
        if job:
            self.end(job)

    def stop_session(self, session: str) -> None:
        """Stop every turn of the session, as before it is forgotten."""
        for job in self.jobs():
            if job.visitor.session == session:
                self.end(job)

    def end(self, job: Job, reason: Problem | None = None) -> None:
        """End a running turn: by the shopper's wish, or for a reason that the shopper is told."""
        job.stopper.stop(reason)
        if not job.ended.wait(STOP_WAIT_SECONDS):
            self._abandon(job)

    def _abandon(self, job: Job) -> None:
        """End a turn whose thread waits for something that cannot be cut short, such as the shop.

        The thread finds its turn ended and writes nothing more.
        """
        self._journal.commit(lambda: None)
        last = settle(job.turn, job.stopper.reason)
        if last:
            job.writer.end(last)

    def discard(self, turns: list[str]) -> None:
        """Erase the logs of these turns."""
        for turn in turns:
            self._log.discard(turn)

    # keeping

    def start(self) -> None:
        """Settle what an earlier process left behind and begin to keep watch. Idempotent, cheap when done."""
        self._keeper.start()

    def close(self, grace: float) -> None:
        """Give running turns `grace` seconds to end, then interrupt them with their partial answers kept."""
        deadline = time.monotonic() + grace
        for job in self.jobs():
            job.ended.wait(max(0.0, deadline - time.monotonic()))
        for job in self.jobs():
            self.end(job, AnswerInterrupted("Please try again."))
        self._keeper.close()
        self._journal.close()

    def jobs(self) -> list[Job]:
        """The turns that this process runs now."""
        with self._lock:
            return list(self._jobs.values())


def _stream(log: Iterator[bytes]) -> Iterator[bytes]:
    yield events.OPEN
    for fresh in log:
        yield fresh or events.HEARTBEAT
    yield events.DONE
