"""The services that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.running import Running, service


@pytest.fixture(scope="session")
def primer() -> Iterator[Running]:
    """The primer, served."""
    with service("--pack", "primer") as running:
        yield running


@pytest.fixture(scope="session")
def law() -> Iterator[Running]:
    """The law and the popular view beside it, served."""
    with service() as running:
        yield running
