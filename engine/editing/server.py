"""The language server: what ``engine.editing`` knows of a pack, for any editor that speaks the
Language Server Protocol. Needs ``pygls``.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from engine import __version__
from engine.editing.cursor import word_before
from engine.editing.hover import hover_text
from engine.editing.names import Mention, Span
from engine.editing.project import (
    Project,
    definitions,
    faults,
    mention_at,
    offers_at,
    read_project,
    references,
    stretch,
)
from engine.problems import InputError, Problem
from engine.reading.belonging import belonging
from engine.reading.format import formatted
from engine.reading.source import Source

AtCursor = lsp.CompletionParams | lsp.HoverParams | lsp.DefinitionParams | lsp.ReferenceParams

DELAY = 0.2
"""So many seconds after the last key a pack is checked."""


class RuleServer(LanguageServer):
    """Keeps the packs of the open files, and checks them when they change."""

    def __init__(self) -> None:
        super().__init__("recourse", __version__)
        self._projects: dict[Path, Project] = {}
        self._marked: dict[Path, set[Path]] = {}
        self._timers: dict[Path, asyncio.TimerHandle] = {}
        self._checks: dict[Path, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- files ----

    def texts(self) -> dict[Path, str]:
        """The texts of the open files, saved or not."""
        found = ((path_of(uri), doc) for uri, doc in self.workspace.text_documents.items())
        return {path: doc.source for path, doc in found if path is not None}

    def project(self, path: Path) -> Project | None:
        """The pack of a file as it is now, or None where it is no part of one."""
        place = belonging(path)
        if place is None:
            return None
        project = read_project(place.root, self.texts(), self._projects.get(place.root))
        self._projects[place.root] = project
        return project

    def uri_of(self, path: Path) -> str:
        """A file as the editor names it."""
        opened = (uri for uri in self.workspace.text_documents if path_of(uri) == path)
        return next(opened, None) or path.as_uri()

    # ---- checking ----

    def changed(self, uri: str, delay: float = DELAY) -> None:
        """Check the pack of a file, unless it changes again before ``delay`` is over."""
        path = path_of(uri)
        place = None if path is None else belonging(path)
        if place is None:
            return
        if place.root in self._timers:
            self._timers[place.root].cancel()
        loop = asyncio.get_running_loop()
        self._timers[place.root] = loop.call_later(delay, self._begin, place.root)

    def _begin(self, root: Path) -> None:
        task = asyncio.get_running_loop().create_task(self._check(root))
        self._tasks.add(task)  # the loop itself would let go of it
        task.add_done_callback(self._tasks.discard)

    async def _check(self, root: Path) -> None:
        number = self._checks[root] = self._checks.get(root, 0) + 1
        texts = self.texts()
        try:
            found = await asyncio.to_thread(faults, root, texts)
        except Exception:  # a fault of the engine must not end the editor's session
            message = lsp.LogMessageParams(lsp.MessageType.Error, traceback.format_exc())
            self.window_log_message(message)
            return
        if number != self._checks[root]:
            return  # a later check has begun
        marked = self._marked.get(root, set())
        opened = {path for path in texts if path.is_relative_to(root)}
        for path in sorted({*found, *marked, *opened}):
            problems = [self._diagnostic(path, problem) for problem in found.get(path, ())]
            self.text_document_publish_diagnostics(
                lsp.PublishDiagnosticsParams(self.uri_of(path), problems)
            )
        self._marked[root] = set(found)

    def _diagnostic(self, path: Path, problem: Problem) -> lsp.Diagnostic:
        warning = problem.severity == "warning"
        hint = f" ({problem.hint})" if problem.hint else ""
        return lsp.Diagnostic(
            range=self.range_of(stretch(path, problem)),
            message=problem.message + hint,
            severity=lsp.DiagnosticSeverity.Warning if warning else lsp.DiagnosticSeverity.Error,
            code=problem.code,
            source="recourse",
        )

    # ---- places ----

    def range_of(self, span: Span) -> lsp.Range:
        """A stretch of a file in the units that the editor counts in."""
        start = lsp.Position(span.line, span.column)
        end = lsp.Position(span.line, span.column + span.length)
        document = self.workspace.get_text_document(self.uri_of(span.path))
        try:
            lines = document.lines
        except (OSError, ValueError):  # gone, or no text
            return lsp.Range(start, end)
        return self.workspace.position_codec.range_to_client_units(lines, lsp.Range(start, end))

    def locations(self, spans: Iterable[Span]) -> list[lsp.Location]:
        """Stretches of files for the editor."""
        return [lsp.Location(self.uri_of(span.path), self.range_of(span)) for span in spans]

    def cursor(self, params: AtCursor) -> tuple[TextDocument, int, int]:
        """The file, and line and column counted from 0 in characters."""
        document = self.workspace.get_text_document(params.text_document.uri)
        codec = self.workspace.position_codec
        position = codec.position_from_client_units(document.lines, params.position)
        return document, position.line, position.character

    def mention(self, params: AtCursor) -> tuple[Project, Mention] | tuple[None, None]:
        """The name at a cursor, and the pack around it."""
        document, line, column = self.cursor(params)
        path = path_of(document.uri)
        project = None if path is None else self.project(path)
        if project is None or path is None:
            return None, None
        found = mention_at(project, path, line, column)
        return (None, None) if found is None else (project, found)


def path_of(uri: str) -> Path | None:
    """The file of a URI; None for a text that is no file."""
    name = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(name) if name else None


def rule_server() -> RuleServer:
    """A server with everything it answers to."""
    server = RuleServer()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: RuleServer, params: lsp.DidOpenTextDocumentParams) -> None:
        ls.changed(params.text_document.uri, 0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: RuleServer, params: lsp.DidChangeTextDocumentParams) -> None:
        ls.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: RuleServer, params: lsp.DidSaveTextDocumentParams) -> None:
        ls.changed(params.text_document.uri, 0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(ls: RuleServer, params: lsp.DidCloseTextDocumentParams) -> None:
        ls.changed(params.text_document.uri, 0)

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION,
        lsp.CompletionOptions(trigger_characters=[" ", "{", "[", ",", "."]),
    )
    def completion(ls: RuleServer, params: lsp.CompletionParams) -> lsp.CompletionList:
        return lsp.CompletionList(is_incomplete=False, items=_completions(ls, params))

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(ls: RuleServer, params: lsp.HoverParams) -> lsp.Hover | None:
        project, mention = ls.mention(params)
        text = hover_text(project.rulebase, mention) if project and mention else ""
        if not text or mention is None:
            return None
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, text)
        return lsp.Hover(content, ls.range_of(mention.span))

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(ls: RuleServer, params: lsp.DefinitionParams) -> list[lsp.Location]:
        project, mention = ls.mention(params)
        return ls.locations(definitions(project, mention)) if project and mention else []

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def refer(ls: RuleServer, params: lsp.ReferenceParams) -> list[lsp.Location]:
        project, mention = ls.mention(params)
        if not project or not mention:
            return []
        wanted = params.context.include_declaration
        return ls.locations(references(project, mention, definition=wanted))

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatting(ls: RuleServer, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        return _formatting(ls.workspace.get_text_document(params.text_document.uri))

    return server


def _completions(ls: RuleServer, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
    document, line, column = ls.cursor(params)
    path = path_of(document.uri)
    project = None if path is None else ls.project(path)
    if project is None or path is None:
        return []
    text = document.lines[line] if line < len(document.lines) else ""
    typed = len(word_before(text, column))
    span = ls.range_of(Span(path, line, column - typed, typed))
    has_colon = text[column:].startswith(":")
    found = offers_at(project, path, document.source, line, column)
    return [
        lsp.CompletionItem(
            label=offer.text,
            kind=lsp.CompletionItemKind.Property if offer.is_key else lsp.CompletionItemKind.Value,
            documentation=offer.about or None,
            sort_text=f"{number:05}",
            text_edit=lsp.TextEdit(
                span, f"{offer.text}: " if offer.is_key and not has_colon else offer.text
            ),
        )
        for number, offer in enumerate(found)
    ]


def _formatting(document: TextDocument) -> list[lsp.TextEdit]:
    """The whole file in order, or nothing where it can't be put in order."""
    path = path_of(document.uri)
    place = None if path is None else belonging(path)
    if place is None:
        return []
    try:
        text = formatted(Source(str(path), document.source), place.kind)
    except InputError:
        return []
    end = lsp.Position(len(document.lines), 0)
    if text == document.source:
        return []
    return [lsp.TextEdit(lsp.Range(lsp.Position(0, 0), end), text)]
