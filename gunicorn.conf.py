"""How gunicorn serves the app. Settings come from the environment, see the README."""

import os
import sys

from widget_api.config import Config, ConfigError

try:
    settings = Config.from_env(os.environ)
except ConfigError as exc:
    sys.exit(str(exc))

bind = os.environ.get("BIND", f"127.0.0.1:{settings.port}")
workers = settings.workers
# An open stream holds a thread, as docs/decisions.md explains; `threads` leaves some for everything else.
worker_class = "gthread"
threads = settings.threads
worker_connections = settings.threads + 200
backlog = 1024
keepalive = 5
# Running answers may end before the process does.
graceful_timeout = 25
# A recycled worker would cut every live stream.
max_requests = 0
control_socket_disable = True
loglevel = "warning"
# Where an access log is switched on: no query strings, for tickets and words to search for stand there.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(L)s'


def when_ready(_server):
    sys.stderr.write(f"Ready: {settings.public_url}/  (Ctrl-C ends it)\n")


def post_worker_init(worker):
    worker.app.callable.extensions["widget"].engine.start()


def worker_int(worker):
    worker.in_a_hurry = True  # Ctrl-C


def worker_exit(_server, worker):
    """Answers that somebody follows have ended by now, or their time is up; the others get some more."""
    app = worker.app.callable
    if app is not None:
        app.extensions["widget"].engine.close(grace=0 if getattr(worker, "in_a_hurry", False) else 10)
