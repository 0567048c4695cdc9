// A map's choices: the situation and the way that its tiles are coloured for.
"use strict";

function mapOf(map) {
  const choices = map.querySelector(".choices");
  const legend = [...map.querySelectorAll(".legend li")];
  const tiles = [...map.querySelectorAll(".tile")].map((tile) => ({
    tile,
    outcomes: tile.dataset.outcomes.split(" ").map((some) => some.split("+").map(Number)),
  }));
  const assumed = map.querySelectorAll(".assumed");
  const ways = Number(map.dataset.ways);
  const picked = (name) => choices.querySelector(`[name="${name}"]:checked`);

  function show() {
    const situation = picked("situation");
    const way = picked("way");
    const choice = Number(situation.value) * ways + Number(way?.value ?? 0);
    const counts = legend.map(() => 0);
    for (const { tile, outcomes } of tiles) {
      const numbers = outcomes[choice];
      const shown = numbers.map((number) => legend[number].dataset);
      for (const number of numbers) counts[number] += 1;
      const words = `${tile.dataset.label}: ${shown.map((one) => one.words).join(" or ")}`;
      tile.setAttribute("aria-label", words);
      tile.querySelector("title").textContent = words;
      tile.querySelector("rect").setAttribute("class", shown[0].tone);
      tile.querySelector("path").setAttribute("class", shown.at(-1).tone);
      tile.querySelector(".mark").textContent = shown.map((one) => one.mark).join("");
    }
    legend.forEach((item, number) => {
      item.querySelector(".number").textContent = counts[number];
      item.hidden = !counts[number];
    });
    for (const note of assumed) note.hidden = !note.dataset.choices.split(" ").includes(String(choice));
    const text = (input) => input.parentElement.textContent.trim();
    const strong = document.createElement("strong");
    strong.textContent = text(situation);
    const rest = way ? `, ${text(way)}` : "";
    map.querySelector(".chosen").replaceChildren(strong, rest);
  }

  choices.hidden = false;
  choices.addEventListener("change", show);
  choices.addEventListener("submit", (event) => event.preventDefault());
  show();
}
