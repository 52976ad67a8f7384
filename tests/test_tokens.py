"""Tokens: forged, bent, expired and misplaced ones are worth nothing; keys can be changed without a logout."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import itsdangerous
import pytest

from widget_api import tokens
from widget_api.tokens import BadToken, ExpiredToken, SessionClaims, TicketClaims, Tokens

OLD, NEW = "old-" + "0123456789abcdefghijklmnopqrstuv", "new-" + "0123456789abcdefghijklmnopqrstuv"
CLAIMS = SessionClaims(1, "sid", 0)


def test_a_token_speaks_for_what_was_signed() -> None:
    signer = Tokens((OLD,))
    assert signer.read_session(signer.session(CLAIMS)) == CLAIMS
    ticket = TicketClaims(CLAIMS, "turn")
    assert signer.read_ticket(signer.ticket(ticket)) == ticket


def test_a_token_of_one_purpose_is_worth_nothing_for_another() -> None:
    signer = Tokens((OLD,))
    with pytest.raises(BadToken):
        signer.read_session(signer.ticket(TicketClaims(CLAIMS, "turn")))
    with pytest.raises(BadToken):
        signer.read_ticket(signer.session(CLAIMS))


def test_no_bent_token_speaks_for_anybody_else() -> None:
    signer = Tokens((OLD,))
    token = signer.session(CLAIMS)
    for place in range(len(token)):
        for bit in range(7):
            bent = token[:place] + chr(ord(token[place]) ^ (1 << bit)) + token[place + 1 :]
            with pytest.raises(BadToken):
                signer.read_session(bent)


# The last of 43 characters carries four bits of the 256: the two below them are spare.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SPARE = {letter: LETTERS[at | 1] for at, letter in enumerate(LETTERS)}

SPELLINGS: dict[str, Callable[[str], str]] = {
    "a blank in it": lambda token: f"{token[:-5]} {token[-5:]}",
    "padding": lambda token: f"{token}=",
    "padding and more": lambda token: f"{token}=AAAA",
    "foreign characters": lambda token: f"{token}{'!' * 4000}",
    "no ASCII": lambda token: f"{token}\u00e9",
    "a line end": lambda token: f"{token}\n",
    "standard base64": lambda token: token.replace("-", "+").replace("_", "/"),
    "spare bits": lambda token: token[:-1] + SPARE[token[-1]],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_token_has_one_spelling(spelling: str) -> None:
    signer = Tokens((OLD,))
    for number in range(200):
        ticket = TicketClaims(SessionClaims(1, f"sid{number}", 0), "turn")
        for token, read in (
            (signer.session(ticket.session), signer.read_session),
            (signer.ticket(ticket), signer.read_ticket),
        ):
            other = SPELLINGS[spelling](token)
            if other != token:
                with pytest.raises(BadToken):
                    read(other)


def test_a_renewed_token_lives_no_longer_than_its_session() -> None:
    signer = Tokens((OLD,))
    born = int(time.time()) - tokens.SESSION_SECONDS - APART - 10
    with pytest.raises(ExpiredToken):
        signer.read_session(signer.session(replace(CLAIMS, generation=9, born=born)))
    kept = signer.read_session(signer.session(replace(CLAIMS, generation=9, born=born + 3600)))
    assert (kept.generation, kept.born) == (9, born + 3600)


MINUTES = 60
APART = 20 * MINUTES


@pytest.fixture
def ago(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the clock of whoever signs back by so many seconds."""
    now = itsdangerous.TimestampSigner.get_timestamp

    def set_back(seconds: int) -> None:
        monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda self: now(self) - seconds)

    return set_back


@pytest.mark.parametrize("age", [-APART - 10, tokens.SESSION_SECONDS + APART + 10])
def test_an_expired_token_and_one_of_the_future_are_refused(ago: Callable[[int], None], age: int) -> None:
    ago(age)
    signer = Tokens((OLD,))
    with pytest.raises(BadToken):
        signer.read_session(signer.session(CLAIMS))


def test_a_ticket_soon_expires(ago: Callable[[int], None]) -> None:
    ago(tokens.TICKET_SECONDS + APART + 10)
    signer = Tokens((OLD,))
    with pytest.raises(BadToken):
        signer.read_ticket(signer.ticket(TicketClaims(CLAIMS, "turn")))


@pytest.mark.parametrize("age", [-APART + 10, APART - 10])
def test_two_workers_clocks_may_be_ten_minutes_off_either_way(ago: Callable[[int], None], age: int) -> None:
    ago(age)
    signer = Tokens((OLD,))
    assert signer.read_session(signer.session(CLAIMS)) == CLAIMS
    ticket = TicketClaims(CLAIMS, "turn")
    assert signer.read_ticket(signer.ticket(ticket)) == ticket


def test_keys_change_without_a_logout_and_a_removed_key_opens_nothing() -> None:
    token = Tokens((OLD,)).session(CLAIMS)
    assert Tokens((OLD, NEW)).read_session(token) == CLAIMS
    assert Tokens((NEW,)).read_session(Tokens((OLD, NEW)).session(CLAIMS)) == CLAIMS
    with pytest.raises(BadToken):
        Tokens((NEW,)).read_session(token)


@pytest.mark.parametrize("payload", [None, 1, "x", [], [1], [1, "1", "s", 0], [2, 1, "s", 0], [1, 1, "s", 0, 0], {}])
def test_a_signed_payload_of_another_shape_is_refused(payload: object) -> None:
    signer = Tokens((OLD,))
    with pytest.raises(BadToken):
        signer.read_session(str(signer._sessions.dumps(payload)))
