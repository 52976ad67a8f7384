"""A stop ends the provider's work at once, whatever a step is waiting for, and nothing but that step's."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.model_server import Hold, ModelServer, Say, model_server
from tests.model_wire import DONE, QUESTION, STOP, Ear, say
from widget_api.llm import openai
from widget_api.llm.base import Step
from widget_api.llm.line import Line
from widget_api.llm.provider import Provider

# Only a test that fails waits so long.
PATIENCE = 20


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture
def model(server: ModelServer) -> Iterator[Provider]:
    model = Provider(openai, name="m", base_url=server.url)
    yield model
    model.close()


class Asking:
    """A step in a thread of its own."""

    def __init__(self, model: Provider, ear: Ear) -> None:
        self.steps: list[Step] = []
        self._thread = threading.Thread(target=lambda: self.steps.append(model.stream(QUESTION, ear)))
        self._thread.start()

    def ends(self) -> bool:
        self._thread.join(PATIENCE)
        return not self._thread.is_alive()


def test_a_stop_in_the_middle_of_the_answer_closes_the_upstream(server: ModelServer, model: Provider) -> None:
    server.says(Say([say("Good"), Hold()]))
    asking = Asking(model, ear := Ear())
    assert ear.spoken.wait(PATIENCE)
    ear.stop()
    assert asking.ends()
    assert server.left.wait(PATIENCE)
    assert (ear.words, len(asking.steps)) == ("Good", 1)


def test_a_stop_before_the_first_byte_of_the_answer_closes_the_upstream(server: ModelServer, model: Provider) -> None:
    server.says(Say([Hold()], head=False))
    asking = Asking(model, ear := Ear())
    assert server.heard.wait(PATIENCE)
    ear.stop()
    assert asking.ends()
    assert server.left.wait(PATIENCE)


def test_a_stop_between_two_attempts_ends_the_waiting(server: ModelServer, model: Provider) -> None:
    server.says(Say(status=429, headers={"Retry-After": "9"}))
    asking = Asking(model, ear := Ear())
    assert server.heard.wait(PATIENCE)
    ear.stop()
    assert asking.ends()
    assert (len(server.asked), len(asking.steps)) == (1, 1)


def test_a_step_of_a_stopped_turn_asks_nobody(server: ModelServer, model: Provider) -> None:
    ear = Ear()
    ear.stop()
    assert model.stream(QUESTION, ear) == Step("other", model="m")
    assert server.asked == []


def test_a_stop_after_the_end_leaves_the_next_step_alone(server: ModelServer, model: Provider) -> None:
    first, second = Ear(), Ear()
    server.says(Say([say("One") + STOP + DONE]), Say([say("Two"), second.spoken, say(" boots") + STOP + DONE]))
    model.stream(QUESTION, first)
    asking = Asking(model, second)
    first.stop()
    assert asking.ends()
    assert (second.words, server.connections) == ("Two boots", 1)


def test_a_sink_that_fails_closes_the_upstream(server: ModelServer, model: Provider) -> None:
    class Full(Ear):
        def text(self, delta: str) -> None:
            raise OSError(delta)

    server.says(Say([say("Good"), Hold()]))
    with pytest.raises(OSError, match="Good"):
        model.stream(QUESTION, Full())
    assert server.left.wait(PATIENCE)


def test_many_steps_at_once_each_get_their_own_answer(server: ModelServer, model: Provider) -> None:
    ready = threading.Event()
    server.says(*(Say([say(f"Answer {number}"), ready, STOP + DONE]) for number in range(100)))
    ears = [Ear() for _ in range(100)]
    asking = [Asking(model, ear) for ear in ears]
    assert all(ear.spoken.wait(PATIENCE) for ear in ears)
    ears[7].stop()
    ready.set()
    assert all(each.ends() for each in asking)
    assert {ear.words for ear in ears} == {f"Answer {number}" for number in range(100)}
    assert sum(step.finish_reason == "stop" for each in asking for step in each.steps) == 99


def test_a_line_that_was_hung_up_while_it_was_dialled_is_ended_when_it_connects() -> None:
    line = Line()
    line.hang_up()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line.take(ours)
        assert theirs.recv(1) == b""


# Reading


def test_what_arrives_together_is_flushed_together(server: ModelServer, model: Provider) -> None:
    ear = Ear()
    server.says(Say([say("1", "2", "3"), ear.spoken, say("4", "5") + STOP + DONE]))
    model.stream(QUESTION, ear)
    assert ear.batches == [3, 2]


def test_a_delta_is_passed_on_before_the_next_arrives(server: ModelServer, model: Provider) -> None:
    ear = Ear()
    server.says(Say([say("1"), ear.spoken, say("2") + STOP + DONE]))
    assert model.stream(QUESTION, ear).finish_reason == "stop"


def test_a_connection_is_used_for_the_next_step(server: ModelServer, model: Provider) -> None:
    server.says(Say([say("Good") + STOP, DONE]))
    for _ in range(3):
        model.stream(QUESTION, Ear())
    assert (len(server.asked), server.connections) == (3, 1)


@pytest.mark.parametrize("last", [DONE, STOP])
def test_a_body_that_does_not_end_after_the_answer_is_left(server: ModelServer, model: Provider, last: bytes) -> None:
    server.says(Say([say("Good") + STOP + last, Hold()]))
    assert model.stream(QUESTION, Ear()).finish_reason == "stop"
    assert server.left.wait(PATIENCE)


# TLS


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        issuer_name=subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
        extensions=[
            x509.Extension(
                x509.OID_SUBJECT_ALTERNATIVE_NAME,
                False,
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            )
        ],
    ).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "provider.pem"
    path.write_bytes(secret + made.public_bytes(pem))
    return path


@pytest.mark.parametrize("body", [[say("Good"), Hold()], [Hold()]])
def test_a_stop_ends_an_encrypted_answer_too(tmp_path: Path, body: list[Any]) -> None:
    pem = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    with model_server(tls) as server:
        server.says(Say(body, head=len(body) > 1))
        model = Provider(openai, name="m", base_url=server.url)
        model._session.verify = str(pem)
        asking = Asking(model, ear := Ear())
        assert (ear.spoken if len(body) > 1 else server.heard).wait(PATIENCE)
        ear.stop()
        assert asking.ends()
        assert server.left.wait(PATIENCE)
        assert len(asking.steps) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate(tmp_path))
    with model_server(tls) as server:
        model = Provider(openai, name="m", base_url=server.url, pause=lambda *_: None)
        with pytest.raises(Exception, match="cannot be reached"):
            model.stream(QUESTION, Ear())
        assert server.asked == []
