// The map's choices and the search. Everything else works without a script.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".map").forEach(mapOf);
  search();
  reveal();
  addEventListener("hashchange", reveal);
});

// A case that a link leads to is opened.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details")) target.open = true;
}

function mapOf(map) {
  const choices = map.querySelector(".choices");
  const legend = [...map.querySelectorAll(".legend li")];
  const tiles = [...map.querySelectorAll(".tile")].map((tile) => ({
    tile,
    outcomes: tile.dataset.outcomes.split(" ").map((some) => some.split("+").map(Number)),
  }));
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

const MOST = 60;
const KINDS = { place: "Place", decision: "Decision", fact: "Fact", term: "Term", rule: "Rule" };

function search() {
  const field = document.getElementById("_words");
  if (!field) return;
  const entries = searchIndex.map((entry) => ({
    entry,
    title: entry[1].toLowerCase(),
    text: entry.join(" ").toLowerCase(),
  }));
  const number = document.getElementById("_number");
  const results = document.getElementById("_results");

  function show() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? entries.filter(({ text }) => words.every((word) => text.includes(word))) : [];
    const rank = ({ entry, title }) =>
      (entry[4].toLowerCase() === words.join(" ") ? -4 : 0) +
      (title.startsWith(words.join(" ")) ? -2 : 0) +
      (words.every((word) => title.includes(word)) ? -1 : 0);
    found.sort((a, b) => rank(a) - rank(b));
    results.replaceChildren(...found.slice(0, MOST).map(({ entry }) => item(entry)));
    const more = found.length > MOST ? `, the first ${MOST} of them here` : "";
    number.textContent = words.length ? `${found.length} found${more}` : "";
  }

  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", show);
  field.form.addEventListener("submit", (event) => event.preventDefault());
  field.focus();
  show();
}

function item([kind, title, where, address]) {
  const entry = document.createElement("li");
  const link = document.createElement("a");
  link.href = address;
  link.textContent = title;
  const about = document.createElement("span");
  about.className = "about";
  about.textContent = [KINDS[kind], where].filter(Boolean).join(" \u00b7 ");
  entry.append(link, about);
  return entry;
}
