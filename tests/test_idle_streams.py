"""A stream that waits for its model holds no connection to the database, and many of them hold none."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg

from tests.live import Shopper, serving
from tests.model_server import Say, model_server
from tests.servers import PostgresServer
from widget_api.postgres import PLACES

ANSWERS = PLACES + 4
OURS = """
    SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'shop-chat'
"""
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def test_more_answers_than_connections_wait_for_their_model_at_once(tmp_path: Path, postgres: PostgresServer) -> None:
    go_on, url = threading.Event(), postgres.database()
    with model_server() as model:
        model.says(Say([WORD, go_on, END]))
        provider = {"MODEL_API": "openai", "MODEL_BASE_URL": f"{model.url}/v1", "MODEL_NAME": "m"}
        with serving(tmp_path, DATABASE_URL=url, **provider) as live, Shopper(live) as anna:
            streams = [anna.send(f"c{number}", "hello") for number in range(ANSWERS)]
            pieces = [stream.iter_content(None) for stream in streams]
            for piece in pieces:
                assert b"Hello" in next(part for part in piece if b"text-delta" in part)
            with psycopg.connect(url, autocommit=True) as onlooker:
                # Answers that wait write nothing: what is still under way are the last words of the last of them.
                while (found := onlooker.execute(OURS).fetchone()) and found[1]:
                    pass
            assert found
            assert found[0] <= PLACES
            assert len(anna.get("/api/conversations", params={"limit": 100}).json()["conversations"]) == ANSWERS
            go_on.set()
            for piece in pieces:
                assert b"".join(piece).endswith(b"data: [DONE]\n\n")
