// The interview as a form. The service decides; this file asks it and shows what it says. What the
// person says is kept in the fragment of the address alone, which browsers do not send.

import { drawMaps, forgetMaps, showTiles } from "./glance.js";

const ASKED_AS_LIST = 8; // an enum with more values is a select, not a list of choices
const TRIES = 5;

const at = (id) => document.getElementById(id);
const ALSO = "*"; // names in the address what else is asked about; no fact is called so
const state = { pack: null, told: new Map(), also: new Set(), asking: null, asked: 0, last: null };

// ---- small parts -----------------------------------------------------------------------------

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

function replace(element, ...children) {
  element.replaceChildren(...children);
}

async function ask(path, body) {
  const options = body && {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await answered(path, options);
  const data = await response.json();
  if (!response.ok) {
    const found = (data.problems ?? []).map((problem) =>
      problem.hint ? `${problem.message} (${problem.hint})` : problem.message);
    throw new Error(found.length ? found.join("; ") : `${data.title}: ${data.detail}`);
  }
  return data;
}

// A service that is busy says when to try again.
async function answered(path, options) {
  for (let tried = 1; ; tried++) {
    let response;
    try {
      response = await fetch(path, options);
    } catch {
      throw new Error("The service can't be reached.");
    }
    const seconds = Number(response.headers.get("retry-after"));
    if (response.status !== 503 || !seconds || tried === TRIES) return response;
    await new Promise((done) => { setTimeout(done, seconds * 1000); });
  }
}

const facts = () => state.pack.facts;
const decisions = () => state.pack.decisions;

function words(thing, value) {
  if (value === null || value === undefined) return "no value";
  if (value === true) return "Yes";
  if (value === false) return "No";
  if (Array.isArray(value)) return value.map((each) => thing.values[each] || each).join("; ") || "Nothing";
  if (thing.type === "money") {
    return Number(value).toLocaleString("en-US", { style: "currency", currency: "USD" });
  }
  return thing.values?.[value] || String(value);
}

function list(items, last) {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} ${last} ${items.at(-1)}`;
}

// ---- what the person has said, in the address --------------------------------------------------

function readAddress(packs) {
  const [name, query] = location.hash.slice(1).split("?");
  const known = packs.find((pack) => pack.name === name) ?? packs.find((pack) => pack.default);
  const told = new Map(new URLSearchParams(query ?? ""));
  const also = new Set((told.get(ALSO) ?? "").split(" ").filter(Boolean));
  told.delete(ALSO);
  return { name: known.name, told, also };
}

function writeAddress() {
  const query = new URLSearchParams([...state.told]);
  if (state.also.size) query.set(ALSO, [...state.also].join(" "));
  const hash = query.size ? `#${state.pack.name}?${query}` : `#${state.pack.name}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
}

// An empty text stands for "I don't know".
function request() {
  const given = {};
  const unknown = [];
  for (const [name, text] of state.told) {
    const type = facts().get(name)?.type;
    if (text === "") unknown.push(name);
    else given[name] = type === "boolean" ? { true: true, false: false }[text] ?? text : text;
  }
  return state.also.size ? { facts: given, unknown, only: wanted() } : { facts: given, unknown };
}

// What the pack's main decisions are, and what else the person wants to know.
function wanted() {
  const main = state.pack.main.filter((name) => !decisions().get(name).parameter);
  return [...new Set([...main, ...state.also])];
}

// ---- the conversation ------------------------------------------------------------------------

async function told(name, text, { focus = false } = {}) {
  const before = new Map(state.told);
  if (text === null) state.told.delete(name);
  else state.told.set(name, text);
  if (!(await update({ focus }))) {
    state.told = before;
    showTold();
  }
}

async function update({ focus = false } = {}) {
  const turn = ++state.asked;
  at("problem").textContent = "";
  document.body.setAttribute("aria-busy", "true");
  let found;
  try {
    found = await ask(`/v1/possible?pack=${encodeURIComponent(state.pack.name)}`, request());
  } catch (error) {
    if (turn === state.asked) {
      at("problem").textContent = error.message;
      document.body.removeAttribute("aria-busy");
    }
    return false;
  }
  if (turn !== state.asked) return true; // a later answer has overtaken this one
  document.body.removeAttribute("aria-busy");
  state.asking = null;
  state.last = found;
  writeAddress();
  replace(at("others"));
  show(found);
  if (focus) focusQuestion();
  if (found.next === null) explain(turn);
  return true;
}

async function explain(turn) {
  const { facts: given } = request();
  try {
    const record = await ask(`/v1/explain?pack=${encodeURIComponent(state.pack.name)}`, {
      facts: given,
      only: state.last.only,
    });
    if (turn === state.asked) showReasons(record);
  } catch {
    // The answer stands without its nearest changes.
  }
}

function focusQuestion() {
  const first = at("question").querySelector("input, select");
  (first ?? at("asked")).focus();
}

// ---- what is shown ---------------------------------------------------------------------------

function show(found) {
  showAnswers(found);
  showQuestion(found.next);
  showTold();
  showTiles(state.told);
  showReasons(found.record);
  showPresumed(found.record);
  at("rest").hidden = found.record === null;
}

function showAnswers({ record, only, next }) {
  const shown = only.map((name) => {
    const decision = decisions().get(name);
    const answer = record?.decisions[name];
    return make("div", { className: "answer" },
      make("h3", { textContent: decision.label || name }),
      answer ? outcome(decision, answer, "value") : make("p", { className: "value open", textContent: "Not known yet" }));
  });
  replace(at("answers"), ...shown);
  at("verdict-title").textContent = next === null ? "The answer" : "The answer so far";
  const news = only.map((name, n) => `${decisions().get(name).label} ${shown[n].lastChild.textContent}`);
  if (record && at("news").textContent !== news.join(" ")) at("news").textContent = news.join(" ");
}

function outcome(decision, answer, className = "") {
  if (answer.status !== "undetermined") {
    return make("p", { className, textContent: outcomeWords(decision, answer) });
  }
  const found = [...new Set(answer.possible.map((each) => possibility(decision, each)))];
  if (found.length === 1) return make("p", { className: `${className} open`, textContent: found[0] });
  return make("div", { className: "open" },
    make("p", { className, textContent: "Still open. It is one of these:" }),
    make("ul", {}, ...found.map((each) => make("li", { textContent: each }))));
}

function outcomeWords(decision, answer) {
  if (answer.status === "conflict") return "The rules contradict one another";
  if (answer.status === "open") return "No rule says";
  return words(decision, answer.value) + (answer.confidence === "low" ? " (low confidence)" : "");
}

function possibility(decision, each) {
  if (each.value !== undefined) return words(decision, each.value);
  if (each.formula === undefined) return each.status === "open" ? "No value" : "A contradiction of rules";
  const missing = each.missing.map((name) => facts().get(name)?.label ?? name);
  const what = decision.type === "date" ? "A day" : "An amount";
  return missing.length ? `${what} that hangs on: ${missing.join(", ")}` : `${what} that is still to be worked out`;
}

function showQuestion(next) {
  const form = at("question");
  const name = state.asking ?? next?.fact;
  at("asked-title").textContent = name ? "The question" : "Nothing more to ask";
  if (!name) {
    const open = Object.values(state.last?.record?.decisions ?? {}).some((each) => each.status === "undetermined");
    replace(form, make("p", {
      textContent: open
        ? "What is still open hangs on what you don't know."
        : "No further answer can change what is said above.",
    }));
    return;
  }
  const fact = facts().get(name);
  const because = state.asking ? undefined : next?.because; // it can't be done without
  const ask = [make("div", { className: "buttons" },
    make("button", { type: "submit", className: "main", textContent: "Continue" }),
    because ? null : make("button", { type: "button", textContent: "I don't know", onclick: () => told(name, "", { focus: true }) }))];
  if (because) ask.unshift(make("p", { className: "open", textContent: because }));
  const settles = next && !state.asking ? next.settles.map((each) => decisions().get(each).label || each) : [];
  if (settles.length) {
    ask.unshift(make("p", { className: "quiet", textContent: `It can change: ${settles.join(" ")}` }));
  }
  const values = state.asking ? undefined : next?.values; // what can go together with the rest
  replace(form, control(fact, state.told.get(name) ?? "", { question: true, values }), ...ask);
  form.onsubmit = (event) => {
    event.preventDefault();
    const given = new FormData(form).get(name);
    if (given) told(name, given.trim(), { focus: true });
    else at("problem").textContent = `Choose or write an answer${because ? "" : ", or say that you don't know"}.`;
  };
}

function options(fact) {
  return fact.type === "boolean" ? { true: "Yes", false: "No" } : fact.values;
}

function control(fact, text, { question, values }) {
  const choices = Object.entries(options(fact)).filter(([value]) => values?.includes(value) ?? true);
  const id = `${question ? "ask" : "fact"}-${fact.name}`;
  const about = fact.description ? make("p", { className: "quiet", id: `${id}-about`, textContent: fact.description }) : null;
  const input = { id, name: fact.name, autocomplete: "off" };
  let field;
  if (question && choices.length && choices.length <= ASKED_AS_LIST) {
    const rows = choices.map(([value, label], number) =>
      make("label", { className: "choice" },
        make("input", { type: "radio", name: fact.name, id: `${id}-${number}`, value, checked: value === text }),
        make("span", { textContent: label || value })));
    return make("fieldset", {}, make("legend", { textContent: fact.question }), about, ...rows);
  }
  if (choices.length) {
    field = make("select", input,
      make("option", { value: "", textContent: question ? "Choose" : "I don't know" }),
      ...choices.map(([value, label]) => make("option", { value, textContent: label || value, selected: value === text })));
  } else if (fact.type === "date") {
    field = make("input", { ...input, type: "date", value: text, min: "1800-01-01", max: "2199-12-31" });
  } else {
    field = make("input", { ...input, type: "text", value: text, inputMode: fact.type === "integer" ? "numeric" : "decimal" });
  }
  if (about && question) field.setAttribute("aria-describedby", about.id);
  const unit = fact.type === "money" ? " (in dollars)" : "";
  return make("div", { className: "row" },
    make("label", { htmlFor: id, className: question ? "ask" : "", textContent: (question ? fact.question : fact.label) + unit }),
    question ? about : null, field);
}

function showTold() {
  const form = at("facts");
  const focused = document.activeElement?.id;
  const rows = [...state.told].filter(([name]) => facts().has(name)).map(([name, text]) => {
    const row = control(facts().get(name), text, { question: false });
    row.lastChild.onchange = (event) => told(name, event.target.value.trim());
    return row;
  });
  replace(form, ...rows);
  form.onsubmit = (event) => event.preventDefault();
  at("told").hidden = rows.length === 0;
  if (focused?.startsWith("fact-")) at(focused)?.focus();
}

function showReasons(record) {
  at("why").hidden = record === null;
  if (record === null) return;
  const blocks = Object.entries(record.decisions).map(([name, answer]) =>
    reasons(record, decisions().get(name), answer));
  replace(at("reasons"), ...blocks);
}

function reasons(record, decision, answer) {
  const block = make("div", {},
    make("h3", { textContent: decision.label || decision.name }),
    outcome(decision, answer));
  if (answer.because) block.append(make("p", { textContent: answer.because }));
  if (answer.status !== "undetermined") block.append(...answer.rules.map(rule));
  const given = Object.entries(answer.facts_used).filter(([name]) => !answer.presumed_used.includes(name))
    .map(([name, value]) => `${facts().get(name).label}: ${words(facts().get(name), value)}`);
  const presumed = answer.presumed_used.map((name) => facts().get(name).label);
  if (given.length && answer.status === "decided") {
    block.append(make("p", { className: "quiet", textContent: `It rests on: ${given.join("; ")}.` }));
  }
  if (presumed.length && answer.status === "decided") {
    block.append(make("p", { className: "quiet", textContent: `Presumed: ${presumed.join("; ")}.` }));
  }
  for (const each of answer.change ?? []) {
    const changed = Object.entries(each.facts).map(([name, value]) =>
      `“${facts().get(name).label}” were “${words(facts().get(name), value)}”`);
    const then = each.value === undefined ? "no rule would say" : `it would be “${words(decision, each.value)}”`;
    block.append(make("p", { className: "quiet", textContent: `If ${list(changed, "and")}, ${then}.` }));
  }
  const view = record.popular_view?.differs[decision.name];
  if (view?.value !== undefined && view?.value !== null) {
    block.append(make("p", { className: "quiet", textContent: `People often believe otherwise: ${words(decision, view.value)}.` }));
  }
  return block;
}

function rule(each) {
  const { cite, url, confidence, checked, kind } = each.authority;
  const link = /^https?:\/\//.test(url)
    ? make("a", { href: url, rel: "noreferrer noopener", target: "_blank", textContent: cite })
    : make("span", { textContent: cite });
  const note = confidence === "high" ? "" : each.authority.note;
  const sure = [kind.replaceAll("_", " "), `${confidence} confidence`, checked ? `checked ${checked}` : ""];
  return make("div", { className: "rule" },
    make("p", { textContent: each.because }),
    make("p", { className: confidence === "high" ? "quiet" : "open" }, link, ` · ${sure.filter(Boolean).join(" · ")}`),
    note ? make("p", { className: "open", textContent: `But: ${note}` }) : null);
}

function showPresumed(record) {
  const found = Object.entries(record?.presumed ?? {});
  at("presumed").hidden = found.length === 0;
  at("how-many").textContent = found.length === 1 ? "One thing is presumed" : `${found.length} things are presumed`;
  replace(at("presumptions"), ...found.map(([name, { value, because }]) => {
    const fact = facts().get(name);
    const contrary = make("button", { type: "button", textContent: "It is otherwise" });
    contrary.setAttribute("aria-label", `It is otherwise: ${fact.label}`);
    contrary.onclick = () => {
      state.asking = name;
      showQuestion(state.last.next);
      focusQuestion();
    };
    return make("li", {},
      make("p", {}, make("strong", { textContent: `${fact.label}: ${words(fact, value)}. ` }), because),
      contrary);
  }));
}

function askAbout(decision) {
  const button = make("button", { type: "button", textContent: "Ask me about this" });
  button.setAttribute("aria-label", `Ask me about this: ${decision.label || decision.name}`);
  button.onclick = async () => {
    state.also.add(decision.name);
    if (!(await update({ focus: true }))) state.also.delete(decision.name);
  };
  return button;
}

async function showAll() {
  const turn = state.asked;
  replace(at("others"), make("p", { textContent: "…" }));
  try {
    const record = await ask(`/v1/decide?pack=${encodeURIComponent(state.pack.name)}`, { facts: request().facts });
    if (turn !== state.asked) return;
    const groups = new Map();
    for (const [name, answer] of Object.entries(record.decisions)) {
      const decision = decisions().get(name);
      if (state.last.only.includes(name) || answer.status === "open") continue;
      const rows = groups.get(decision.group) ?? [];
      const more = answer.status === "undetermined" ? askAbout(decision) : null;
      rows.push(make("dt", { textContent: decision.label || name }), make("dd", {}, outcome(decision, answer), more));
      groups.set(decision.group, rows);
    }
    replace(at("others"), ...[...groups].map(([group, rows]) =>
      make("details", { open: groups.size === 1 },
        make("summary", {}, group || "Further decisions", make("span", { className: "number", textContent: ` ${rows.length / 2}` })),
        make("dl", {}, ...rows))));
  } catch (error) {
    replace(at("others"), make("p", { className: "problem", textContent: error.message }));
  }
}

// ---- the beginning ---------------------------------------------------------------------------

async function open(name, given, also) {
  const pack = await ask(`/v1/packs/${encodeURIComponent(name)}`);
  const named = (things) => new Map(things.map((thing) => [thing.name, thing]));
  state.pack = { ...pack, facts: named(pack.facts), decisions: named(pack.decisions) };
  state.told = given;
  state.also = new Set([...also].filter((each) => decisions().has(each)));
  at("pack").value = name;
  at("rules").textContent = `${pack.title}, ${pack.name} ${pack.version} (${pack.digest.slice(0, 8)}), engine ${pack.engine}`;
  at("glance").hidden = !pack.maps;
  forgetMaps();
  draw();
  const odd = [...given.keys()].filter((fact) => !facts().has(fact));
  for (const fact of odd) state.told.delete(fact);
  if (!(await update())) show({ record: null, only: pack.main, next: null });
  if (odd.length) at("problem").textContent = `These rules know nothing of: ${odd.join(", ")}.`;
}

async function draw() {
  if (!at("maps").open) return;
  await drawMaps(state.pack.name, (given) => {
    for (const [fact, value] of given) told(fact, value, { focus: true });
  });
  showTiles(state.told);
}

async function begin() {
  try {
    const { packs } = await ask("/v1/packs");
    replace(at("pack"), ...packs.map((pack) => make("option", { value: pack.name, textContent: pack.title })));
    at("pack").onchange = (event) => open(event.target.value, new Map(), []);
    const fromAddress = () => {
      const { name, told: given, also } = readAddress(packs);
      return open(name, given, also);
    };
    window.addEventListener("hashchange", fromAddress);
    await fromAddress();
  } catch (error) {
    at("problem").textContent = error.message;
  }
}

document.querySelector(".skip").onclick = (event) => {
  event.preventDefault(); // the fragment holds the answers
  focusQuestion();
};
at("again").onclick = async () => {
  state.told = new Map();
  state.also = new Set();
  await update({ focus: true });
};
at("print").onclick = () => window.print();
window.addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("#presumed details, #others details")) each.open = true;
});
at("all").onclick = showAll;
at("maps").ontoggle = draw;
at("share").onclick = async () => {
  try {
    await navigator.clipboard.writeText(location.href);
    at("shared").textContent = "The link is copied.";
  } catch {
    at("shared").textContent = `Copy the address of this page: ${location.href}`;
  }
};

begin();
