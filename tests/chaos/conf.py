"""How gunicorn serves the app while it is being killed: as `gunicorn.conf.py` says, with the points where it may die.

The product's modules are loaded before the workers are forked, so that a killed worker is back in a moment and more
kills fit into a minute; each worker still builds its own app.
"""

import os
import runpy
from pathlib import Path
from typing import Any

import widget_api.api.services  # noqa: F401 - for its children
from tests.chaos import points

ROOT = Path(__file__).parents[2]

globals().update(runpy.run_path(str(ROOT / "gunicorn.conf.py")))
for _point in points.POINTS:
    points.find(_point)


def post_fork(_server: Any, _worker: Any) -> None:
    points.install(Path(os.environ["CHAOS_POINTS"]))
