"""A server of Python's own in a thread of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

# The server checks this often whether it has been asked to shut down.
POLL_SECONDS = 0.01


@contextmanager
def served(server: BaseServer) -> Iterator[None]:
    """Serve for the block, and close the server however the block ends."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
