"""Requests made up from the OpenAPI document, good and malformed, against the app on a real socket."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from unittest import SkipTest

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, assume, given, settings
from hypothesis.errors import Unsatisfiable
from litestar import Litestar
from schemathesis import GenerationMode
from schemathesis.checks import negative_data_rejection
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok

from app.adapters.database.engine import SqlDatabase
from app.domain.consultations.model import stored_label
from app.domain.errors import InvalidField
from app.web.middleware.rate_limit import Rate, Rates
from tests.web.conftest import ORIGIN, build_app, plant, signed_in

UNLIMITED = Rate(burst=1e9, each_second=1e9)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server without rate limits: many requests of one user are the point here."""
    folder = tmp_path_factory.mktemp("fuzz")
    database = SqlDatabase(folder / "capture.sqlite3")

    @asynccontextmanager
    async def opened(_: Litestar) -> AsyncIterator[None]:
        await database.start()
        await database.migrate()
        yield
        await database.close()

    rates = Rates(
        presign=UNLIMITED,
        complete=UNLIMITED,
        realtime_token=UNLIMITED,
        delete=UNLIMITED,
        start=UNLIMITED,
        upload_session=UNLIMITED,
    )
    app = build_app(folder, plant(folder / "tree"), database, lifespan=[opened], rates=rates)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
    thread = threading.Thread(target=asyncio.run, args=(server.serve(),))
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def document(address: str) -> Any:
    """The document as the running server gives it."""
    described = httpx.get(f"{address}/schema").json()
    # Routes without a sign-in are walked one by one in test_authentication.py.
    del described["security"]
    refusals = ["400", "403", "404", "405", "413", "415"]
    checks = {"negative_data_rejection": {"expected-statuses": refusals}}
    return schemathesis.openapi.from_dict(described, config=SchemathesisConfig.from_dict({"checks": checks}))


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_the_app_does_what_its_contract_says(document: Any, address: str, mode: GenerationMode) -> None:
    """No 500, no undescribed status or shape, nothing accepted that the document forbids."""
    asked = [result.ok() for result in document.get_all_operations()]
    for operation in asked:
        _hold(operation, address, mode)

    assert len(asked) > 12


def _hold(operation: Any, address: str, mode: GenerationMode) -> None:
    # A bad photo of a batch gets its problem inside a 200; test_uploads.py looks into it.
    batch = operation.path == "/api/uploads/presign"
    excluded = [negative_data_rejection] if batch else []
    headers = signed_in() | {"host": ORIGIN.removeprefix("http://")}

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        assume(mode is GenerationMode.NEGATIVE or _is_label_visible(case.body))
        case.call_and_validate(base_url=address, headers=headers, excluded_checks=excluded)

    with contextlib.suppress(Unsatisfiable, SkipTest):  # nothing in it can be malformed
        holds()


def _is_label_visible(body: Any) -> bool:
    """A label of which nothing can be seen is refused, which no pattern of a document can say."""
    label = body.get("label") if isinstance(body, dict) else None
    try:
        return label is None or bool(stored_label(label))
    except InvalidField:
        return False


def test_a_false_contract_is_noticed(document: Any, address: str) -> None:
    """The control: the same app against a document that promises something else."""
    false = json.loads(json.dumps(document.raw_schema))
    answers = false["paths"]["/api/me"]["get"]["responses"]
    answers["204"] = answers.pop("200")
    only = {
        "openapi": false["openapi"],
        "info": false["info"],
        "paths": {"/api/me": false["paths"]["/api/me"]},
    }
    (operation,) = schemathesis.openapi.from_dict(
        only | {"components": false["components"]}
    ).get_all_operations()

    assert isinstance(operation, Ok)
    with pytest.raises(FailureGroup):
        _hold(operation.ok(), address, GenerationMode.POSITIVE)
