"""A shopper: asks one question after another, and looks up each answer in the history when it has ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.chaos.client import Client
from tests.chaos.following import Answer, contents
from tests.chaos.ledger import Entry
from tests.chaos.questions import Asker, Question
from tests.chaos.reader import PAGE, Reader
from tests.chaos.scissors import Blunt, Scissors

QUESTIONS_A_CONVERSATION = 8


@dataclass
class Shopper:
    """One browser at one shop."""

    number: int
    client: Client
    scissors: Scissors = field(default_factory=Blunt)
    asked: int = 0
    asking: str = ""  # the question that waits for its answer

    def __post_init__(self) -> None:
        self.asker = Asker(self.number, self.client.rng)
        self.conversations: list[str] = []

    async def ask(self, question: Question, readers: int = 1) -> None:
        """Ask, and follow the answer to its end: in so many copies of the request at once."""
        if self.asked % QUESTIONS_A_CONVERSATION == 0:
            self.turn_over()
        self.asked += 1
        self.asking = question.id
        self.sends(question)
        ends = await asyncio.gather(*(self.read(question, reader) for reader in range(readers)))
        if any(ends):
            await self._look_up(question, self.conversations[-1])
        self.asking = ""

    def turn_over(self) -> None:
        """Begin another conversation."""
        self.conversations.append(f"s{self.number}-c{len(self.conversations) + 1}")

    def sends(self, question: Question) -> None:
        """Write down what is about to be sent."""
        self.client.ledger.write(
            "sent",
            question=question.id,
            shopper=self.number,
            conversation=self.conversations[-1],
            text=question.text,
        )

    async def read(self, question: Question, reader: int = 0) -> str:
        """Send the question and read its answer, as one of several readers."""
        answer = Answer(question, reader, self.client.ledger)
        return await Reader(self.client, self.conversations[-1], answer, self.scissors).read()

    async def _look_up(self, question: Question, conversation: str) -> None:
        """Write down what the history says right after the end: it must be there by then."""
        history = await self._history(conversation)
        ids = [message["id"] for message in history["messages"]]
        if question.id in ids[:-1]:
            answer = history["messages"][ids.index(question.id) + 1]
            status = answer["metadata"]["status"]
            told = contents(answer["parts"])
            self.client.ledger.write("looked-up", question=question.id, status=status, **told)

    async def tell_all(self) -> None:
        """Write down every conversation and the cart as the product has them in the end."""
        for conversation in self.conversations:
            self.client.ledger.write("history", **await self._history(conversation))
        if self.conversations:
            self.client.ledger.write("cart", shopper=self.number, **await self.client.sure("GET", "/api/cart"))

    async def _history(self, conversation: str) -> Entry:
        """Its messages; none when there is no such conversation, as where no message was accepted."""
        path = f"/api/conversations/{conversation}/messages?limit={PAGE}"
        page = await self.client.sure("GET", path, unless=404) or {"messages": []}
        return {"conversation": conversation, "shopper": self.number, "messages": page["messages"]}
