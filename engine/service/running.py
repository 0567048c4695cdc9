"""Running the service: the socket, the workers, the end."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from engine.problems import InputError, Place, Problem
from engine.service.app import make_app
from engine.service.logs import configuration
from engine.service.protocol import BoundedProtocol

SWITCH_SECONDS = 0.001
"""So long one thread keeps the interpreter while another waits for it."""
IDLE_SECONDS = 30
STOP_SECONDS = 15
"""Requests that are being answered when the service is told to stop have so long."""
MAX_CONNECTIONS = 1_000
_BACKLOG = 1_024


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0 is any free one. Raises ``InputError``."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, proto)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(_BACKLOG)
    except OSError as error:
        message = f"can't listen here: {error.strerror or error}"
        where = Place(f"{host}:{port}")
        raise InputError([Problem("cannot-listen", message, where)]) from None
    found.set_inheritable(True)
    return found


def is_loopback(bound: socket.socket) -> bool:
    """Whether only this machine can reach a socket."""
    address = str(bound.getsockname()[0])
    return address == "::1" or address.startswith("127.")


def serve(
    bound: socket.socket,
    packs: Collection[str],
    record: str | None,
    workers: int,
    ready: Callable[[], None],
) -> None:
    """Serve until told to stop, by SIGINT or SIGTERM. ``ready`` is called once, before the first
    request. Raises ``InputError`` for a pack that can't be used or a trail that can't be written.
    """
    app: Any = partial(_worker, tuple(packs), record)
    if workers == 1:
        app = app()
    config = uvicorn.Config(
        app,
        factory=workers > 1,
        workers=workers,
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=configuration(),
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        limit_concurrency=MAX_CONNECTIONS,
        backlog=_BACKLOG,
    )
    if workers > 1:
        make_app(packs, record)  # what is wrong is told before there are workers
        ready()
        Multiprocess(config, sockets=[bound]).run()
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        # Uvicorn stops and then raises the signal anew for whoever was there before: nobody.
        signal.signal(number, lambda *_: None)
    server = uvicorn.Server(config)
    ready()
    server.run(sockets=[bound])


def _worker(packs: Collection[str], record: str | None) -> Any:
    sys.setswitchinterval(SWITCH_SECONDS)
    return make_app(packs, record)
