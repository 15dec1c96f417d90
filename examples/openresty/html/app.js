// The dashboard: asks the gateway for the summary, and for one customer when it
// is opened. All text goes through textContent; nothing is made from strings.

const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat();
const percent = new Intl.NumberFormat(undefined, {
  style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1,
});
const FIRST_PRODUCTS = 10, FIRST_ROWS = 100, ANY_SHARE = 105;

const state = {
  summary: null, sort: "sold", descending: true, search: "", below: ANY_SHARE,
  allProducts: false, allRows: false, opened: null,
};

// --- talking to the gateway ---

async function ask(path, signal) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: "application/json" }, signal });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Error("The gateway cannot be reached.");
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  const error = body && body.error;
  if (answer.status === 429) throw new Error("Too many requests. Wait a moment.");
  const text = error ? error.message : `the gateway answered ${answer.status}`;
  throw new Error(sentence(text)
    + (error && error.correlation_id ? ` Correlation id ${error.correlation_id}.` : ""));
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + ".";
}

// --- making elements ---

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// As long as `sold` of `most`; filled as far as `deployed`.
function bar(deployed, sold, most, level) {
  const fill = element("i");
  fill.style.width = `${sold > 0 ? Math.min(100, 100 * deployed / sold) : 0}%`;
  const frame = element("span", { className: `bar ${level || ""}` }, fill);
  frame.style.width = `${most > 0 ? 100 * sold / most : 0}%`;
  frame.setAttribute("aria-hidden", "true");
  return frame;
}

function levelOf(share) {
  if (share == null) return "";
  return share < 0.4 ? "low" : share < 0.7 ? "mid" : "high";
}

function shareText(share) {
  return share == null ? "–" : percent.format(share);
}

function barItem(group, most) {
  return element("li", {},
    element("span", { className: "name", textContent: group.name, title: group.name }),
    element("span", { className: "bar-cell" }, bar(group.deployed, group.sold, most)),
    element("span", { className: "figures" },
      element("b", { textContent: number.format(group.deployed) }),
      ` of ${number.format(group.sold)} · ${shareText(group.share)}`));
}

function mostSold(groups) {
  return groups.reduce((most, group) => Math.max(most, group.sold), 0);
}

// --- showing ---

function showTotals() {
  const { totals, customers, processed } = state.summary;
  $("t-customers").textContent = number.format(customers.length);
  $("t-sold").textContent = number.format(totals.sold);
  $("t-deployed").textContent = number.format(totals.deployed);
  $("t-share").textContent = shareText(totals.share);
  $("t-bar").style.width = `${100 * Math.min(1, totals.share || 0)}%`;
  const date = processed && new Date(/Z|[+-]\d\d:\d\d$/.test(processed) ? processed : `${processed}Z`);
  $("processed").textContent = date
    ? `As Partner Center processed it on ${date.toLocaleDateString(undefined, { dateStyle: "long" })}`
    : "No licences yet";
}

function showProducts() {
  const { products } = state.summary;
  const shown = state.allProducts ? products : products.slice(0, FIRST_PRODUCTS);
  const most = mostSold(products);
  $("products").replaceChildren(...shown.map((product) => barItem(product, most)));
  if (products.length === 0) {
    $("products").append(element("li", { className: "empty", textContent: "No products." }));
  }
  const more = $("more-products");
  more.hidden = products.length <= FIRST_PRODUCTS;
  more.textContent = state.allProducts ? "Show fewer" : `Show all ${products.length} products`;
}

function wanted() {
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  const list = state.summary.customers.filter((customer) => {
    const name = customer.name.toLowerCase();
    if (!words.every((word) => name.includes(word))) return false;
    return state.below === ANY_SHARE || (customer.share != null && customer.share * 100 < state.below);
  });
  const sign = state.descending ? -1 : 1;
  const key = state.sort;
  return list.sort((a, b) => {
    if (a[key] == null || b[key] == null) return (a[key] == null) - (b[key] == null);
    const order = key === "name" ? a.name.localeCompare(b.name) : a[key] - b[key];
    return order !== 0 ? sign * order : a.name.localeCompare(b.name);
  });
}

function customerRow(customer) {
  const row = element("tr", {},
    element("td", {}, element("button", { type: "button", textContent: customer.name })),
    element("td", { className: "number", textContent: number.format(customer.sold) }),
    element("td", { className: "number", textContent: number.format(customer.deployed) }),
    element("td", { className: "share" }, element("div", { className: "share-cell" },
      bar(customer.deployed, customer.sold, customer.sold, levelOf(customer.share)),
      element("span", { textContent: shareText(customer.share) }))));
  row.dataset.id = customer.id;
  return row;
}

function showCustomers() {
  const list = wanted(), all = state.summary.customers.length;
  const shown = state.allRows ? list : list.slice(0, FIRST_ROWS);
  $("rows").replaceChildren(...shown.map(customerRow));
  $("count").textContent = list.length === all
    ? `${number.format(all)} customers`
    : `${number.format(list.length)} of ${number.format(all)} customers`;
  $("empty").hidden = list.length > 0;
  $("table-frame").hidden = list.length === 0;
  $("empty").textContent = all === 0
    ? "There are no customers yet."
    : "No customer matches. Change the search or the share.";
  const more = $("more-rows");
  more.hidden = state.allRows || list.length <= FIRST_ROWS;
  more.textContent = `Show all ${number.format(list.length)} customers`;
  for (const heading of document.querySelectorAll("th")) {
    const mine = heading.firstElementChild.dataset.sort === state.sort;
    heading.setAttribute("aria-sort", !mine ? "none" : state.descending ? "descending" : "ascending");
  }
}

function showLoading() {
  const ghost = () => element("li", { className: "ghost" },
    element("span", { className: "name", textContent: "." }),
    element("span", { className: "bar-cell" }, element("span", { className: "bar" })),
    element("span", { className: "figures", textContent: "." }));
  const row = () => element("tr", { className: "ghost" },
    ...[0, 1, 2, 3].map(() => element("td", {}, element("div", { textContent: "." }))));
  $("products").replaceChildren(...Array.from({ length: 6 }, ghost));
  $("rows").replaceChildren(...Array.from({ length: 8 }, row));
  $("count").textContent = "Loading…";
}

// Without numbers there is nothing in them to look at.
function showSections(shown) {
  for (const section of document.querySelectorAll("main section")) section.hidden = !shown;
}

function showProblem(failure) {
  $("problem").hidden = false;
  $("problem-title").textContent = state.summary
    ? "The numbers below are older: new ones cannot be had."
    : "The numbers cannot be shown.";
  $("problem-text").textContent = failure.message;
  if (!state.summary) showSections(false);
}

async function load() {
  $("problem").hidden = true;
  $("reload").disabled = true;
  $("main").setAttribute("aria-busy", "true");
  showSections(true);
  if (!state.summary) showLoading();
  try {
    state.summary = await ask("summary");
    showTotals();
    showProducts();
    showCustomers();
  } catch (failure) {
    showProblem(failure);
  }
  $("main").setAttribute("aria-busy", "false");
  $("reload").disabled = false;
}

// --- one customer ---

function showFacts(id, text) {
  $("detail-facts").replaceChildren(text, element("span", { className: "id", textContent: id }));
}

async function open(id) {
  if (state.opened) state.opened.abort();
  const opened = state.opened = new AbortController();
  const known = state.summary && state.summary.customers.find((customer) => customer.id === id);
  $("detail-title").textContent = known ? known.name : "Customer";
  showFacts(id, "");
  $("detail-products").replaceChildren();
  $("detail-problem").hidden = true;
  $("detail-state").hidden = false;
  $("detail-state").textContent = "Loading…";
  if (!$("detail").open) $("detail").showModal();
  try {
    const customer = await ask(`customers/${encodeURIComponent(id)}/deployment`, opened.signal);
    const most = mostSold(customer.products);
    if (customer.name) $("detail-title").textContent = customer.name;
    showFacts(id, `${number.format(customer.deployed)} of ${number.format(customer.sold)}`
      + ` licences deployed · ${shareText(customer.share)}`);
    $("detail-state").hidden = customer.products.length > 0;
    $("detail-state").textContent = "This customer has no licences.";
    $("detail-products").replaceChildren(...customer.products.map((group) => barItem(group, most)));
  } catch (failure) {
    if (failure.name === "AbortError") return;
    $("detail-state").hidden = true;
    $("detail-problem").hidden = false;
    $("detail-problem-text").textContent = failure.message;
  }
}

// The address says which customer is open, so that Back closes it.
function follow() {
  const id = /^#customer=([0-9a-f-]{36})$/i.exec(location.hash);
  if (id) return open(id[1]);
  if (state.opened) state.opened.abort();
  if ($("detail").open) $("detail").close();
}

// --- what people do ---

$("search").addEventListener("input", (event) => {
  state.search = event.target.value;
  if (state.summary) showCustomers();
});

$("below").addEventListener("input", (event) => {
  state.below = Number(event.target.value);
  $("below-text").textContent = state.below === ANY_SHARE ? "any share" : `${state.below} %`;
  if (state.summary) showCustomers();
});

document.querySelector("thead").addEventListener("click", (event) => {
  const key = event.target.dataset.sort;
  if (!key || !state.summary) return;
  state.descending = state.sort === key ? !state.descending : key !== "name";
  state.sort = key;
  showCustomers();
});

$("rows").addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  if (row && row.dataset.id) location.hash = `customer=${row.dataset.id}`;
});

$("more-products").addEventListener("click", () => {
  state.allProducts = !state.allProducts;
  showProducts();
});

$("more-rows").addEventListener("click", () => {
  state.allRows = true;
  showCustomers();
});

$("reload").addEventListener("click", load);
$("retry").addEventListener("click", load);
$("detail-retry").addEventListener("click", () => {
  follow();
  $("close").focus(); // the button is gone for now
});
$("close").addEventListener("click", () => $("detail").close());
$("detail").addEventListener("close", () => {
  if (location.hash) history.replaceState(null, "", location.pathname);
});
$("detail").addEventListener("click", (event) => {
  if (event.target === $("detail")) $("detail").close();
});
addEventListener("hashchange", follow);

load().then(follow);
