"""The log: one JSON object a line. It never holds a fact of a loan, an address of a person or what
a request says; of a failure it names the kind and the places in the code."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

from engine.auditing import now

LOGGER = "recourse.service"
_AS_JSON = json.JSONEncoder(ensure_ascii=False)


def configuration(level: str = "INFO") -> dict[str, Any]:
    """The configuration of Python's ``logging``: everything to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "engine.service.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {
            LOGGER: {"handlers": ["stderr"], "level": level, "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }


class JsonLines(logging.Formatter):
    """A log record as one line of JSON; ``extra={"data": …}`` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        data: dict[str, Any] = {"time": now(), "level": record.levelname.lower()}
        if record.name == LOGGER:
            data["event"] = record.getMessage()
            data.update(getattr(record, "data", {}))
        else:  # a library, whose arguments may tell who asked
            data["event"] = "server"
            data["message"] = str(record.msg)
        if record.exc_info and record.exc_info[1] is not None:
            data["error"] = failure(record.exc_info[1])
        return _AS_JSON.encode(data)


def failure(error: BaseException) -> dict[str, Any]:
    """What is told of a failure: not its text, which may hold facts."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "type": type(error).__name__,
        "at": [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames[-8:]],
    }
