"""``recourse serve``."""

from __future__ import annotations

import click

from engine.commands.console import DONE, completing, need

NEEDED = {
    "httptools": "httptools",
    "jinja2": "Jinja",
    "orjson": "orjson",
    "starlette": "Starlette",
    "uvicorn": "uvicorn",
}


@click.command("serve")
@click.option(
    "--pack",
    "packs",
    multiple=True,
    default=("us", "primer"),
    metavar="NAME|FOLDER",
    help="The rules to serve; may be repeated, the first is meant where a request names none.  "
    "[default: us and primer]",
    shell_complete=completing("packs"),
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--record", metavar="FILE", type=click.Path(), help="Append each decision to an audit trail."
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def command(packs: tuple[str, ...], host: str, port: int, record: str | None, workers: int) -> int:
    """Serve decisions over HTTP, and a page that asks a person what matters. Ends at Ctrl-C.

    The page is at /, the API under /v1/, its description at /openapi.json. Each request is logged
    to standard error without what it says. There is no login and no TLS: only this machine can
    reach it unless --host says otherwise, and then a proxy should stand before it.

    \b
    Examples:
      recourse serve
      recourse serve --pack us --port 8080 --record decisions.jsonl
      recourse serve --pack ./my-pack --workers 2
    """
    need("the service", "serve", NEEDED)
    from engine.service.running import is_loopback, listening, serve

    bound = listening(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{bound.getsockname()[1]}"

    def ready() -> None:
        click.echo(f"serving at {address}  (Ctrl-C ends it)", err=True)
        if not is_loopback(bound):
            note = "others can reach this service: it has no login and no TLS of its own"
            click.echo(f"warning: {note}", err=True)

    serve(bound, packs, record, workers, ready)
    return DONE
