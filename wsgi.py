"""The app as servers and `flask --app wsgi` find it."""

import sys

from widget_api import create_app
from widget_api.config import ConfigError

try:
    app = create_app()
except ConfigError as exc:
    sys.exit(f"{exc}")
