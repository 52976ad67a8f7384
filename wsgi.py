"""The app as servers and `flask --app wsgi` find it."""

import os
import sys

from widget_api import create_app
from widget_api.config import ConfigError

# Whatever is written down here, temporary files too, is for this user only.
os.umask(0o077)

try:
    app = create_app()
except ConfigError as exc:
    sys.exit(f"{exc}")
