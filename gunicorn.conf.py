"""How gunicorn serves the app. Settings come from the environment, see the README."""

import os
import resource
import sys

from widget_api import logs, sockets
from widget_api.backups import opening
from widget_api.config import Config, ConfigError

# Whatever is written down here, temporary files too, is for this user only.
os.umask(0o077)

try:
    settings = Config.from_env(os.environ)
except ConfigError as exc:
    sys.exit(str(exc))

# Two for each stream, the follower's connection and the model's, and those that are kept or serve other requests.
FILES = 2 * settings.max_streams + 2000
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if hard not in {resource.RLIM_INFINITY, max(hard, FILES)}:
    sys.exit(
        f"MAX_STREAMS is {settings.max_streams}, which may take {FILES} open files, but this system allows a process "
        f"only {hard}: set a lower MAX_STREAMS, or raise the limit (ulimit -Hn, LimitNOFILE)."
    )
if soft not in {resource.RLIM_INFINITY, max(soft, FILES)}:
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))

bind = os.environ.get("BIND", f"127.0.0.1:{settings.port}")
workers = settings.workers
# None for an open stream: one thread writes them all, as docs/decisions.md explains.
worker_class = "widget_api.sockets.worker.Worker"
threads = settings.request_threads
worker_connections = 1000
backlog = 1024
keepalive = 5
# Running answers may end before the process does; most do within `GRACE_SECONDS`. The rest is for tidying up.
graceful_timeout = 25
GRACE_SECONDS = 20
# A recycled worker would cut every live stream.
max_requests = 0
control_socket_disable = True
loglevel = "warning"
# Where an access log is switched on: no query strings, for tickets and words to search for stand there.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(L)s'


def on_starting(server):
    """Before any worker starts: what cannot be used ends the server here, in a sentence."""
    logs.configure(settings.log_format, settings.secrets)
    try:
        server.database = opening.prepare(settings)
    except ConfigError as exc:
        sys.exit(str(exc))


def when_ready(_server):
    sys.stderr.write(f"Ready: {settings.public_url}/  (Ctrl-C ends it)\n")


def post_worker_init(worker):
    worker.app.callable.extensions["widget"].engine.start()


def worker_int(worker):
    worker.in_a_hurry = True  # Ctrl-C


def worker_exit(_server, worker):
    """Requests have been answered by now; streams go on until their turns end or the grace is over."""
    app = worker.app.callable
    if app is not None:
        app.extensions["widget"].close(grace=0 if getattr(worker, "in_a_hurry", False) else GRACE_SECONDS)
    sockets.close(within=1)
