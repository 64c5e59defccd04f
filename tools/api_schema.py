"""Writes the OpenAPI document of the API to a file; set-up makes the types of the browser's code from it."""

import json
import sys
from pathlib import Path
from typing import Any

from litestar import Litestar

from app.web.app import CONTROLLERS, LOCAL_ACCOUNTS
from app.web.contract import openapi_config


def api_document() -> dict[str, Any]:
    """Every route of the API, those of the built-in accounts among them; nothing is opened for it."""
    app = Litestar([*CONTROLLERS, *LOCAL_ACCOUNTS], openapi_config=openapi_config())
    return app.openapi_schema.to_schema()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(api_document()))
