// The dashboard: what is looked at, where it comes from, and what people do.
import { firstOrder, read, write } from "./address.js";
import { ask } from "./ask.js";
import { csv, download } from "./csv.js";
import { showCustomers, wanted } from "./customers.js";
import * as detail from "./detail.js";
import { LISTS, empty } from "./lists.js";
import { MEASURES, days, plain } from "./measures.js";
import { showProducts, showTotals } from "./overview.js";
import { $, element } from "./parts.js";

const looked = read();
const known = {}; // what was fetched, by view
let allRows = false, loads = 0;

const measure = () => MEASURES[looked.view];
const list = () => LISTS[looked.view];

// --- showing ---

function groups(name) {
  const found = known[looked.view][name];
  return (Array.isArray(found) ? found : []).map((group) => plain(group, measure()));
}

function showRows() {
  if (measure() && known[looked.view]) showCustomers(measure(), groups("customers"), looked, allRows);
}

function showSums() {
  const { totals, processed } = known[looked.view];
  $("processed").textContent = days(processed);
  showTotals(measure(), plain(totals, measure()), groups("customers").length);
  showProducts(measure(), groups("products"));
  showRows();
}

function showList() {
  const shown = list().of(known[looked.view]);
  $("list-title").textContent = list().title;
  $("list-text").textContent = shown.text;
  $("list-rows").replaceChildren(shown.rows.length > 0 ? shown.table : empty());
  $("list-csv").hidden = shown.rows.length === 0;
}

function showLoading() {
  if (list()) {
    $("list-title").textContent = list().title;
    $("list-text").textContent = "Loading…";
    $("list-rows").replaceChildren();
    return;
  }
  const ghost = () => element("li", { className: "ghost" },
    element("span", { className: "name", textContent: "." }),
    element("span", { className: "bar-cell" }, element("span", { className: "bar" })),
    element("span", { className: "figures", textContent: "." }));
  const row = () => element("tr", { className: "ghost" },
    ...[0, 1, 2, 3, 4].map(() => element("td", {}, element("div", { textContent: "." }))));
  $("products").replaceChildren(...Array.from({ length: 6 }, ghost));
  $("rows").replaceChildren(...Array.from({ length: 8 }, row));
  $("count").textContent = "Loading…";
}

// Without numbers there is nothing in them to look at.
function showSections(any) {
  for (const section of document.querySelectorAll("main section")) {
    section.hidden = !any || (section.id === "list") === Boolean(measure());
  }
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === looked.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function showProblem(failure) {
  const older = known[looked.view] != null;
  $("problem").hidden = false;
  $("problem-title").textContent = older
    ? "The numbers below are older: new ones cannot be had." : "The numbers cannot be shown.";
  $("problem-text").textContent = failure.message;
  if (!older) showSections(false);
}

// --- loading ---

function show() {
  showSections(true);
  if (!known[looked.view]) showLoading();
  else if (measure()) showSums();
  else showList();
}

async function load(again) {
  const view = looked.view, mine = ++loads;
  $("problem").hidden = true;
  show();
  if (known[view] && !again) return;
  $("reload").disabled = true;
  $("main").setAttribute("aria-busy", "true");
  try {
    known[view] = await ask((MEASURES[view] || LISTS[view]).path, undefined, again);
    if (mine === loads) show();
  } catch (failure) {
    if (mine === loads) showProblem(failure);
  }
  if (mine !== loads) return;
  $("main").setAttribute("aria-busy", "false");
  $("reload").disabled = false;
}

// --- what people do ---

function look(change) {
  Object.assign(looked, change);
  write(looked);
  showRows();
}

$("search").value = looked.search;
$("search").addEventListener("input", (event) => look({ search: event.target.value }));

$("below").value = looked.below ?? "";
$("below").addEventListener("input", (event) => {
  const { value, validity } = event.target;
  look({ below: value !== "" && validity.valid ? Number(value) : null });
});

$("titles").addEventListener("click", (event) => {
  const key = event.target.dataset.sort;
  if (!key) return;
  const other = looked.order === "asc" ? "desc" : "asc";
  look({ sort: key, order: looked.sort === key ? other : firstOrder(key) });
});

// A click anywhere on the row does what its link does.
$("rows").addEventListener("click", (event) => {
  const link = event.target.closest("tr")?.querySelector("a");
  if (link && event.target !== link) link.click();
});

document.querySelector("nav").addEventListener("click", (event) => {
  const { view } = event.target.dataset;
  if (!view || event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
  event.preventDefault();
  look({ view });
  load();
});

$("more-rows").addEventListener("click", () => {
  allRows = true;
  showRows();
});

$("csv").addEventListener("click", () => {
  const { names } = measure();
  download(`${looked.view}.csv`, csv(["id", "customer", names.left, names.whole, names.part, "share"],
    wanted(groups("customers"), looked).map((each) =>
      [each.id, each.name, each.left, each.whole, each.part, each.share?.toFixed(4)])));
});

$("list-csv").addEventListener("click", () => {
  const { titles, rows } = list().of(known[looked.view]);
  download(`${looked.view}.csv`, csv(titles, rows));
});

$("reload").addEventListener("click", () => load(true));
$("retry").addEventListener("click", () => load(true));
detail.listen();
load().then(detail.follow);

// Only where there is a history is there a place for its changes.
ask("changes").then((body) => {
  known.changes = body;
  for (const link of document.querySelectorAll("[data-view=changes]")) {
    link.parentElement.hidden = !body.from;
  }
}, () => {});
