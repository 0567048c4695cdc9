// The maps, which map.js makes, and the search. Everything else works without a script.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".map").forEach((map) => mapOf(map)); // only pages with maps load map.js
  search();
  reveal();
  addEventListener("hashchange", reveal);
});

// A case that a link leads to is opened.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details")) target.open = true;
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
