# The backend, without shell tools it does not need, under a user of its own, on a file system that it cannot write to.
# Tags move when their images are mended. Whoever deploys pins both stages to the digest that was tried:
# `docker buildx imagetools inspect python:3.11-slim-bookworm` says it, for python:3.11-slim-bookworm@sha256:…

FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt ./
# Wheels alone: a source distribution would run its own code here.
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.txt

FROM python:3.11-slim-bookworm
# pg_dump and pg_restore, of the server's version in compose.yaml, for `flask db backup` and the daily one.
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client-15 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 chat \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent chat \
    && install -d -o chat -g chat -m 0700 /data
WORKDIR /app
COPY --from=packages /venv /venv
COPY wsgi.py gunicorn.conf.py ./
COPY widget_api widget_api
COPY static/widget/dist static/widget/dist
COPY liquid/assets liquid/assets
COPY liquid/snippets liquid/snippets
RUN /venv/bin/python -m compileall -q wsgi.py gunicorn.conf.py widget_api
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BIND=0.0.0.0:8000 \
    INSTANCE=/data
# Backups, and without a DATABASE_URL the database itself.
VOLUME /data
# By number, so that an orchestrator can tell that it is not root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
