"""`python -m widget_api.demo`: the backend and the demo shop, served as in production."""

import os
import sys
from pathlib import Path

from widget_api.config import Config, ConfigError
from widget_api.demo import currency
from widget_api.demo.database import DATABASE
from widget_api.demo.faults import FAULTS
from widget_api.demo.model import find_pace

ROOT = Path(__file__).parents[2]

try:
    config = Config.from_env(os.environ)
    currency.find(os.environ.get("DEMO_CURRENCY") or "EUR")
    find_pace(os.environ.get("DEMO_PACE", ""))
except (ConfigError, ValueError) as exc:
    sys.exit(str(exc))

# Carts are still there tomorrow, misfortunes are not.
DATABASE.open(config.instance)
FAULTS.mend()

os.chdir(ROOT)
arguments = ["-m", "gunicorn", "-c", "gunicorn.conf.py", "widget_api.demo:create_app()"]
os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own interpreter
