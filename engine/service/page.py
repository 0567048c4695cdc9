"""The files of the page on which a person is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.presentation.site.rendering import static
from engine.service.served import Document, document

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a browser may load for the page: its own files alone, and nothing inline."""

_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/glance.js": ("glance.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_SHARED = {"/base.css": ("base.css", "text/css"), "/map.js": ("map.js", "text/javascript")}
"""What the page has in common with the site."""


def page_files() -> Mapping[str, Document]:
    """The files of the page, by their addresses."""
    folder = Path(__file__).parent / "web"
    own = {path: ((folder / name).read_bytes(), kind) for path, (name, kind) in _FILES.items()}
    shared = {path: (static(name).encode(), kind) for path, (name, kind) in _SHARED.items()}
    return {
        path: document(content, f"{kind}; charset=utf-8")
        for path, (content, kind) in (own | shared).items()
    }
