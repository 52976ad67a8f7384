"""The turns that this process runs: each in a thread of its own, begun here or taken over, ended once."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import peewee

from widget_api.bulkhead import Bulkhead
from widget_api.llm.base import Extra, Model
from widget_api.models import Conversation, Message, Session, Shop, Turn, clock, connected
from widget_api.problems import AnswerInterrupted, Busy, Problem, ShopNotFound
from widget_api.shopify.store import Store
from widget_api.shopify.tools import Toolbox, variants_seen
from widget_api.streams.shared import SharedStreamLog
from widget_api.turns import events, extras, prompt, worker
from widget_api.turns.cart import SessionCart
from widget_api.turns.conversation import said
from widget_api.turns.job import Job, Visitor
from widget_api.turns.journal import Journal, patiently
from widget_api.turns.proposals import CartGuard, shown_by
from widget_api.turns.recovery import MOST_TAKEOVERS, Lease, Progress, Superseded, end, mine, state_after, take
from widget_api.turns.run import Run, Tally
from widget_api.turns.writer import Stopper, Writer

logger = logging.getLogger(__name__)

# A turn that is stopped ends within a commit, unless it waits for the shop: then it is ended without its thread.
STOP_WAIT_SECONDS = 1
# A shop alone may have seven eighths of the places; the rest is for others, however slow it or its model is.
SHARE = 7


class Shops(Protocol):
    """What the turns need of each shop."""

    def model(self, shop: Shop) -> Model: ...

    def store(self, shop: Shop, page: dict[str, str]) -> Store: ...


class Jobs:
    """All turns of one process, `most` at a time."""

    def __init__(self, shops: Shops, log: SharedStreamLog, journal: Journal, most: int) -> None:
        self.worker = worker.name()
        self._shops = shops
        self._log = log
        self._journal = journal
        self._places = Bulkhead(most, share=SHARE)
        self._jobs: dict[str, Job] = {}
        self.ended: deque[tuple[float, str]] = deque()  # when which turns ended here, oldest first
        self._lock = threading.Lock()
        self._closing = False

    def __iter__(self) -> Iterator[Job]:
        with self._lock:
            return iter(list(self._jobs.values()))

    def get(self, turn: str) -> Job | None:
        """The job of that turn, when it runs here."""
        return self._jobs.get(turn)

    # beginning

    def reserve(self, shop: Shop) -> bool:
        """Take a place for a turn of the shop, if it gets one. `begin` uses it; `free` gives it back."""
        return not self._closing and self._places.take(shop.domain)

    def free(self, shop: Shop) -> None:
        """Give a place of the shop back."""
        self._places.give_back(shop.domain)

    def begin(self, turn: Turn, visitor: Visitor, progress: Progress | None = None) -> None:
        """Run the turn in the place that was reserved. Raises `Busy`."""
        job = self._job(turn, progress or Progress(), visitor.session)
        with self._lock:
            self._jobs[turn.id] = job
        job.thread = threading.Thread(target=self._work, args=(job, visitor), name=f"turn-{turn.id}", daemon=True)
        try:
            job.thread.start()
        except RuntimeError as exc:  # no more threads on this machine: the message is kept, a retry is offered
            self._finish(job, Tally(), AnswerInterrupted("Please try again."))
            self._forget(job, visitor.shop)
            raise Busy("Please try again in a moment.", retry_after=2) from exc

    def _job(self, turn: Turn, progress: Progress, session: str = "") -> Job:
        stopper = Stopper()
        self._log.open(turn.id, turn.attempt)
        writer = Writer(turn.id, turn.attempt, self._log, self._journal, stopper, progress.events)
        return Job(turn, session, writer, stopper, progress)

    def _forget(self, job: Job, shop: Shop) -> None:
        with self._lock:
            if self._jobs.get(job.turn.id) is job:  # and not a later attempt, which is here, too
                del self._jobs[job.turn.id]
        self.free(shop)
        job.ended.set()

    # taking over

    def take_over(self, turn: Turn) -> None:
        """Go on with a turn whose process is gone; end it where that makes no sense any more. Does nothing when
        another process is faster, or when there is no place here."""
        problem = AnswerInterrupted("Please try again.")
        visitor = _visitor(turn)
        if turn.stop_requested:
            self.settle(turn, None)
        elif turn.takeovers >= MOST_TAKEOVERS or visitor is None:
            self.settle(turn, problem)
        elif self.reserve(visitor.shop):
            taken = take(turn, self.worker, whole=False)
            if taken is None:
                self.free(visitor.shop)
                return
            logger.warning("turn %s of %s is taken over as attempt %d", turn.id, turn.worker, taken[0].attempt)
            self.begin(taken[0], visitor, taken[1])

    def settle(self, turn: Turn, problem: Problem | None) -> None:
        """End a turn that no thread here works on, with its partial answer kept: for a reason, or by the shopper's
        wish. Does nothing when another process is faster."""
        taken = take(turn, self.worker, whole=True)
        if taken is None:
            return
        logger.warning("turn %s of %s is settled: %s", turn.id, turn.worker, problem.code if problem else "stopped")
        job = self._job(*taken)
        job.stopper.stop(problem)
        self._finish(job, Tally(), problem)

    # running

    def _work(self, job: Job, visitor: Visitor) -> None:
        problem: Problem | None = None
        try:
            self._answer(job, visitor)
        except Superseded:
            self.give_up(job)  # if it is still ours, which our own clock cannot tell
        except Problem as exc:
            problem = exc
        except Exception:
            problem = Problem("Please try again.")
            logger.exception("turn %s failed", job.turn.id)
        try:
            self._finish(job, job.tally, problem)
        finally:
            self._forget(job, visitor.shop)

    def _answer(self, job: Job, visitor: Visitor) -> None:
        turn, shop, writer, progress = job.turn, visitor.shop, job.writer, job.progress
        stopped, answer, page, messages, kept = patiently(lambda: _read(turn))
        writer.start(answer)  # also when it is stopped already: clients learn the id of the empty answer
        if stopped:
            job.stopper.stop()
        cart = SessionCart(visitor.session, turn, self._journal)
        shown = [part for message in messages for part in message.parts]
        writer.cards.know(shown)
        writer.cards.resume(writer.fold.parts)
        seen = variants_seen(shown_by([*shown, *progress.parts]))
        lease = Lease()
        guard = CartGuard(messages, progress.parts)
        tools = Toolbox(self._shops.store(shop, page), cart, seen, lease.require, guard)
        model = self._shops.model(shop)
        job.tally.asked = model.name
        run = Run(turn, model, tools, cart.writing, writer, self._journal, lease, job.tally)
        run.answer(prompt.system(shop), prompt.context(messages, extras=kept), progress)

    def _finish(self, job: Job, tally: Tally, problem: Problem | None) -> None:
        """The final message first, the terminal event second. Once, by whoever comes first."""
        with job.ending:
            if job.over:
                return
            job.over = True
            if job.stopper.stopped:
                problem = job.stopper.reason
            _log_end(job, problem)
            state = state_after(problem, stopped=job.stopper.stopped)
            error = problem.to_dict() if problem else None
            last = events.terminal(state, tally.finish_reason, error, job.writer.fold.cut)
            number = job.writer.close_parts()
            try:
                kept = self._end(job, state, tally, (number, last), error)
            except peewee.PeeweeException:
                # The database would not take it, for minutes. Whoever it answers first ends the turn.
                logger.exception("turn %s could not be ended", job.turn.id)
                job.writer.end(events.error_event(Problem("Please try again.").to_dict()))
                return
        if kept:
            self.ended.append((time.monotonic(), job.turn.id))
            job.writer.end(last)
        else:
            self._let_go(job, self._log.release)

    def _end(
        self, job: Job, state: str, tally: Tally, last: tuple[int, events.Event], error: dict[str, object] | None
    ) -> bool:
        fold = job.writer.fold
        used = (tally.model, tally.usage.input, tally.usage.output, tally.usage.cached)

        def write() -> bool:
            is_ours = end(job.turn, state, fold.parts, last, error, used, fold.cut)
            if is_ours and tally.last:
                extras.add(job.turn.id, *tally.last)
            return is_ours

        return self._journal.commit(write, patient=True)

    # ending

    def end(self, job: Job, reason: Problem | None = None) -> None:
        """End a running turn: by the shopper's wish, or for a reason that the shopper is told. Its thread may wait
        for something that cannot be cut short, such as the shop: then it is ended without it."""
        self.end_all([job], reason)

    def end_all(self, jobs: Sequence[Job], reason: Problem | None = None) -> None:
        """End these turns side by side: however many wait for the shop, all are waited for no longer than one."""
        for job in jobs:
            job.stopper.stop(reason)
        deadline = time.monotonic() + STOP_WAIT_SECONDS
        for job in jobs:
            if not job.ended.wait(max(0.0, deadline - time.monotonic())):
                self._finish(job, job.tally, reason)

    def lose(self, job: Job, *, forgotten: bool = False) -> None:
        """Stop work on a turn that another process has by now, or that was erased with its session."""
        with job.ending:
            if job.over:
                return
            job.over = True
        logger.warning("turn %s is no longer attempt %d's", job.turn.id, job.turn.attempt)
        self._let_go(job, self._log.discard if forgotten else self._log.release)

    def _let_go(self, job: Job, leave: Callable[[str], None]) -> None:
        job.writer.abandon()
        job.stopper.stop()
        if self.get(job.turn.id) in (None, job):  # and not a later attempt, which is here, too
            leave(job.turn.id)

    def give_up(self, *jobs: Job) -> None:
        """Leave turns to other processes, at once: all that has been said of them is written."""
        left = [job for job in jobs if _left(job)]
        for job in left:
            job.stopper.stop()
        deadline = time.monotonic() + STOP_WAIT_SECONDS
        for job in left:
            if threading.current_thread() is not job.thread:
                job.ended.wait(max(0.0, deadline - time.monotonic()))
        if left:
            self._journal.commit(lambda: _free(left), patient=True)
        for job in left:
            self._let_go(job, self._log.release)

    def close(self, grace: float) -> None:
        """Give running turns `grace` seconds to end; the others go on in another process."""
        deadline = time.monotonic() + grace
        for job in self:
            job.ended.wait(max(0.0, deadline - time.monotonic()))
        self._closing = True  # or what is given up would be taken over here
        self.give_up(*self)


def _log_end(job: Job, problem: Problem | None) -> None:
    """Log a turn that failed or was cut short, for whoever wants to know why: without a word of what was said."""
    cut = job.writer.fold.cut
    if not job.thread or not (problem or cut):
        return
    tally = job.tally
    reason = problem.detail if problem and problem.advice else ""
    logger.warning(
        "turn %s %s: finish reason %s, %d tokens in, %d out, model %s, %.1f s%s",
        *(job.turn.id, f"failed with {problem.code}" if problem else f"was cut short by {cut}"),
        *(tally.finish_reason if tally.model else "none", tally.usage.input, tally.usage.output),
        *(tally.model or tally.asked or "none", job.writer.silence.seconds, f": {reason}" if reason else ""),
    )


def _left(job: Job) -> bool:
    """Say nothing more of the turn. False when it is over already."""
    with job.ending:
        if job.over:
            return False
        job.over = True
        job.writer.abandon()
        return True


def _free(jobs: Iterable[Job]) -> None:
    """Let anybody have their turns."""
    for job in jobs:
        Turn.update(worker="", lease_until=clock()).where(mine(job.turn)).execute()


def _read(turn: Turn) -> tuple[bool, str, dict[str, str], list[Message], dict[int, dict[int, Extra]]]:
    """Whether the shopper has stopped the turn; its answer's id; the page it was asked on; what was said, and what
    models want back with it."""
    with connected():
        newest = Turn.find_by(id=turn.id)
        stopped = newest is not None and newest.stop_requested
        messages = said(turn)
        kept = extras.of_answers([each.pk for each in messages if each.role == "assistant"])
        return bool(stopped), turn.answer.id, prompt.page_of(turn.question), messages, kept


def _visitor(turn: Turn) -> Visitor | None:
    """Whose turn it is; None when the shop is gone or the conversation was deleted."""
    with connected():
        thread = Conversation.get_by_id(turn.conversation_id)
        session = Session.get_by_id(thread.session_id)
        if thread.deleted_at is not None or session.revoked:
            return None
        try:
            return Visitor(Shop.numbered(session.shop_id), session.id, session.generation)
        except ShopNotFound:
            return None
