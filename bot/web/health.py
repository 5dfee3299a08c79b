"""The probes that operators expect: is the process alive, can it answer, what has it counted.

What readiness means is the daemon's business; here it only becomes a status code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, PlainTextResponse, Response

log = structlog.get_logger(__name__)

Readiness = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns what keeps the bot from answering, by part; nothing when it is ready."""

READINESS_SECONDS = 3.0
"""A check that takes longer counts as failed; Kubernetes' own default for a probe is 1 s, load balancers' 5 s."""


Remarks = Callable[[], Mapping[str, str]]
"""Returns the problems that need attention although the bot is ready, by part."""


def no_remarks() -> Mapping[str, str]:
    """Return that there are none."""
    return {}


def build_probes(readiness: Readiness, remarks: Remarks = no_remarks) -> APIRouter:
    """Return the routes ``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter()

    @router.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> str:
        """Say that the event loop runs."""
        return "ok"

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        """Say whether questions can be answered now, and if not, what is wrong."""
        problems = await ask(readiness)
        body = {"ready": not problems, "problems": dict(problems), "remarks": dict(remarks())}
        return JSONResponse(body, status_code=503 if problems else 200)

    @router.get("/metrics")
    async def metrics() -> Response:
        """Return the figures in Prometheus' text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def ask(readiness: Readiness) -> Mapping[str, str]:
    """Return what keeps the bot from answering, a check that hangs or fails included; nothing when it is ready."""
    try:
        async with asyncio.timeout(READINESS_SECONDS):
            return await readiness()
    except TimeoutError:
        return {"readiness": f"no result within {READINESS_SECONDS:g} seconds"}
    except Exception:
        log.exception("readiness.failed")
        return {"readiness": "the check itself failed; the log says how"}
