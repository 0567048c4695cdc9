// The maps of a pack, which the service draws when somebody wants to see them; map.js makes their
// choices work.
/* global mapOf */

const drawn = document.getElementById("drawn");
let pack = ""; // the pack whose maps are drawn

export function forgetMaps() {
  pack = "";
  drawn.replaceChildren();
}

// Draws the maps of a pack, unless they are drawn. `tell` is called with the answers of a tile that
// was chosen: a tile is a link to the page with these alone.
export async function drawMaps(name, tell) {
  if (pack === name) return;
  pack = name;
  say("It is being drawn\u2026");
  let text;
  try {
    const response = await fetch(`/maps?pack=${encodeURIComponent(name)}`);
    if (!response.ok) throw new Error(`status ${response.status}`);
    text = await response.text();
  } catch {
    if (pack === name) {
      forgetMaps();
      say("The map can't be drawn just now: close it and try again.");
    }
    return;
  }
  if (pack !== name) return;
  drawn.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.children);
  drawn.querySelectorAll(".map").forEach(mapOf);
  for (const tile of drawn.querySelectorAll("a.tile")) {
    tile.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a tab of its own
      event.preventDefault();
      tell(answersOf(tile));
    };
  }
}

// Marks the tiles whose answer has been given.
export function showTiles(told) {
  for (const tile of drawn.querySelectorAll("a.tile")) {
    const said = [...answersOf(tile)].every(([fact, value]) => told.get(fact) === value);
    if (said) tile.setAttribute("aria-current", "true");
    else tile.removeAttribute("aria-current");
  }
}

function say(text) {
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  line.textContent = text;
  drawn.replaceChildren(line);
}

function answersOf(tile) {
  return new URLSearchParams(tile.getAttribute("href").split("?")[1]);
}
