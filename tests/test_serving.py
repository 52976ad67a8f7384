"""Served by gunicorn: many answers at once, an early refusal beyond, and a clean end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.conftest import events, text_of
from tests.live import Live, Shopper, free_port, serving

ASKING = "What do you have for cold feet, cold hands and cold ears?"


def text_stored(shopper: Shopper, conversation: str) -> str:
    answer = shopper.messages(conversation)["messages"][-1]
    assert answer["metadata"]["status"] == "complete"
    return text_of([part for part in answer["parts"] if part["type"] == "text"])


def one_answer(live: Live, number: int) -> bool:
    """Ask as a shopper of one's own; whether the streamed text is the stored one."""
    with Shopper(live) as shopper:
        said = events(shopper.ask(f"load-{number}", ASKING).encode())
        assert said[-1]["type"] == "finish"
        return text_of(said) == text_stored(shopper, f"load-{number}")


def test_200_answers_at_once_all_complete_while_everything_else_goes_on_answering(live: Live) -> None:
    with Shopper(live) as bystander, ThreadPoolExecutor(200) as pool:
        bystander.ask("history", "hello")
        answers: list[Future[bool]] = [pool.submit(one_answer, live, number) for number in range(200)]
        looks = 0
        while not all(answer.done() for answer in answers):
            assert bystander.get("/healthz").status_code == 200
            assert len(bystander.messages("history")["messages"]) == 2
            looks += 1
        assert all(answer.result() for answer in answers)
        assert looks > 0


def test_beyond_what_the_process_holds_new_sends_are_refused_with_a_time_to_wait(tmp_path: Path) -> None:
    with serving(tmp_path, MAX_STREAMS="3") as live, Shopper(live) as anna:
        running = [anna.send(f"c{number}", ASKING) for number in range(3)]
        refused = anna.send("c3", ASKING)
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert int(refused.headers["Retry-After"]) >= 1
        assert anna.get("/healthz").status_code == 200
        assert anna.get("/api/conversations").status_code == 200
        assert len(anna.get("/api/conversations").json()["conversations"]) == 3
        for response in running:
            assert events(response.content)[-1]["type"] == "finish"
        assert events(anna.send("c3", ASKING).content)[-1]["type"] == "finish"


def test_a_follower_that_hangs_up_gives_its_place_back(tmp_path: Path) -> None:
    with serving(tmp_path, MAX_STREAMS="2") as live, Shopper(live) as anna:
        for number in range(6):
            anna.send(f"c{number}", "hello").close()
            while anna.post(f"/api/chat/c{number}/stop").json()["status"] == "running":
                pass
        assert events(wait_for_place(anna).content)[-1]["type"] == "finish"


def wait_for_place(anna: Shopper) -> requests.Response:
    """A hung-up follower is noticed when it is written to next: ask until its place is free."""
    while (response := anna.send("last", "hello")).status_code == 503:
        response.close()
    return response


def test_ctrl_c_ends_the_server_cleanly_and_the_next_start_goes_on_with_the_answer(tmp_path: Path) -> None:
    with serving(tmp_path) as live, Shopper(live) as anna:
        stream = anna.send("c", ASKING)
        assert next(stream.iter_content(400))
        assert live.stop() == 0
        stream.close()
        assert "Traceback" not in live.log
        live.start()
        assert events(anna.get("/api/chat/c/stream").content)[-1]["type"] == "finish"
        assert anna.messages("c")["messages"][-1]["metadata"]["status"] == "complete"


def test_a_deploy_lets_running_answers_end(tmp_path: Path) -> None:
    with serving(tmp_path) as live, Shopper(live) as anna:
        stream = anna.send("c", ASKING)
        pieces = stream.iter_content(400)
        # The demo's shop is in the same process, so it could not answer a question asked after the signal.
        assert next(piece for piece in pieces if b"text-delta" in piece)
        assert live.process
        live.process.send_signal(signal.SIGTERM)
        rest = b"".join(pieces)
        assert rest.endswith(b"data: [DONE]\n\n")
        assert live.process.wait(40) == 0
        assert "Traceback" not in live.log


def test_a_deploy_lets_an_answer_end_that_nobody_follows(tmp_path: Path) -> None:
    with serving(tmp_path) as live, Shopper(live) as anna:
        stream = anna.send("c", ASKING)
        assert next(piece for piece in stream.iter_content(400) if b"text-delta" in piece)
        stream.close()
        assert live.process
        live.process.send_signal(signal.SIGTERM)
        assert live.process.wait(40) == 0
        live.start()
        assert text_stored(anna, "c")


def test_the_log_holds_no_token_no_ticket_and_no_message(tmp_path: Path) -> None:
    with serving(tmp_path, LOG_FORMAT="json") as live, Shopper(live) as anna:
        canary = "my-card-number-4111"
        anna.ask("c", canary)
        anna.get("/api/conversations", params={"q": canary})
        anna.get("/api/chat/c/stream", params={"ticket": anna.token})
        anna.http.get(f"{live.url}/api/cart", headers={"Authorization": "Bearer forged\u00e9"}, timeout=20)
        said = live.log
    assert canary not in said
    assert anna.token not in said


def test_a_limit_of_open_files_that_is_too_low_is_raised_or_refused(tmp_path: Path) -> None:
    def configured(limit: str, streams: int) -> subprocess.CompletedProcess[str]:
        """What reading gunicorn's settings under that limit says, and the limit that it leaves behind."""
        script = (
            "import resource, runpy; runpy.run_path('gunicorn.conf.py'); "
            "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
        )
        return subprocess.run(
            ["sh", "-c", f'ulimit {limit} && exec "$0" -c "$1"', sys.executable, script],
            cwd=Path(__file__).parents[1],
            env={"MAX_STREAMS": str(streams), "INSTANCE": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert "MAX_STREAMS is 2000" in configured("-n 1024", 2000).stderr
    raised = configured("-Sn 1024", 100)
    assert int(raised.stdout) >= 2200, raised.stderr


def test_the_readmes_command_starts_a_server_that_answers(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    if not (root / ".venv").exists():
        pytest.skip("the tests run outside the project's own virtual environment")
    port = free_port()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PORT": str(port),
        "INSTANCE": str(tmp_path),
    }
    with subprocess.Popen(
        ["make", "run"], cwd=root, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr
        assert f"http://127.0.0.1:{port}/" in process.stderr.readline()
        assert requests.get(f"http://127.0.0.1:{port}/", timeout=20).status_code == 200
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert "Traceback" not in process.stderr.read()
