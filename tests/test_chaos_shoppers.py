"""The shoppers of `make chaos` write down what the product says, and that it says nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.checks import faults
from tests.chaos.client import Client, Refused
from tests.chaos.evidence import Evidence
from tests.chaos.ledger import Ledger, entries
from tests.conftest import ANNAS_SHOP
from tests.servers import free_port

pytestmark = pytest.mark.storeless


class Impatient(Client):
    """A client that does not wait."""

    def pause(self, _failures: int) -> float:
        return 0.0


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Impatient]:
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        yield Impatient([free_port()], ANNAS_SHOP, ledger, random.Random(1))


def test_a_product_that_never_answers_at_all_is_a_fault(client: Impatient) -> None:
    with pytest.raises(Refused):
        asyncio.run(client.begin())
    assert [fault.kind for fault in faults(Evidence(entries(client.ledger.path), [], [], []))] == ["rude"]
