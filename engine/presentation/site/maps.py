"""The maps of a pack alone, for a page that is not the site's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.evaluation.decide import Decider
from engine.model import Fact, Value
from engine.presentation.site.chips import palette
from engine.presentation.site.glance import map_entry
from engine.presentation.site.plan import decided
from engine.presentation.site.rendering import environment
from engine.reading.overviews import Overview


def with_maps(overviews: Sequence[Overview]) -> list[Overview]:
    """Those overviews that have a map, with the columns alone that it shows."""
    return [
        replace(each, columns=tuple(c for c in each.columns if c.decision == each.map.decision))
        for each in overviews
        if each.map is not None
    ]


def maps_html(
    decider: Decider, overviews: Sequence[Overview], address: Callable[[Fact, Value], str]
) -> str:
    """Some overviews that have maps as a piece of HTML for a page that has ``base.css`` and
    ``map.js``. ``address`` tells where the tile of a value of a fact leads.

    Raises ``Disagreement`` where the evaluators differ.
    """
    colours = palette(overviews)
    maps = [
        (
            overview,
            map_entry(
                decided(decider, overview),
                decider.rulebase,
                colours,
                lambda row, fact=overview.rows: address(fact, row.value),  # type: ignore[misc]
            ),
        )
        for overview in overviews
    ]
    return environment().get_template("maps.html").render(maps=maps, root="")
