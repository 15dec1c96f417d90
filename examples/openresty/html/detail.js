// One customer, or one product and who has it.
import { close as closeAddress, opened } from "./address.js";
import { ask } from "./ask.js";
import { shareCell } from "./customers.js";
import { MEASURES, days, plain } from "./measures.js";
import { $, count, element, link, row, share, table, toCustomer, toProduct } from "./parts.js";

let request = null, domains = null;

const LEFT_FIRST = (a, b) => b.left - a.left || a.name.localeCompare(b.name);

function shares(caption, what, groups, target) {
  const { names } = MEASURES.deployed;
  return table(caption, [what, ["number", names.left], ["number more", names.whole],
    ["number more", names.part], ["share", "Share"]],
    groups.map((group) => plain(group, MEASURES.deployed)).sort(LEFT_FIRST).map((group) => row([
      link(target(group.id), group.name), ["number", count(group.left)],
      ["number more", count(group.whole)], ["number more", count(group.part)],
      ["share", shareCell(group)],
    ])));
}

function facts(group) {
  return `${count(group.left)} not deployed: ${count(group.deployed)} of ${count(group.sold)} licences`
    + ` are · ${share(group.share)} · ${days(group.processed)}`;
}

function copyButton(id) {
  const button = element("button", { type: "button", textContent: "Copy id" });
  button.addEventListener("click", async () => {
    const done = await navigator.clipboard.writeText(id).then(() => true, () => false);
    button.textContent = done ? "Copied" : "Not copied: select it";
  });
  button.setAttribute("aria-live", "polite");
  return button;
}

async function domainOf(id) {
  try {
    domains = domains || ask("customers");
    const found = (await domains).customers.find((each) => each.id.toLowerCase() === id);
    return found && found.domain;
  } catch {
    domains = null; // it is asked for again with the next customer
    return null;
  }
}

// What else is known: who has a licence, uses it, and until when it runs.
function licences(body) {
  const rows = body.items.map((each) => row([
    each.productName || each.skuPartNumber || "(no name)", ["number", count(each.sold)],
    ["number", count(each.total)], ["number", count(each.assigned)],
    ["number", count(each.unassigned)], ["number", count(each.active)],
    ["day", each.renews_on ? `${each.auto_renews ? "renews" : "ends"} ${each.renews_on}` : "–"],
  ]));
  const missing = Object.entries(body.failures || {})
    .map(([source, failure]) => `${source} (${failure.kind.replace("_", " ")})`);
  const scroll = element("div", { className: "scroll", tabIndex: 0 },
    table("Licences by source", ["Product", ["number", "Sold"], ["number", "In the tenant"],
      ["number", "Assigned"], ["number", "Unassigned"], ["number", "Active"], "Until"], rows));
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Licences by source");
  return [
    element("h3", { textContent: "Assigned, active, renewing" }),
    missing.length > 0
      ? element("p", { className: "quiet", textContent: `Not known: ${missing.join(", ")}.` }) : null,
    scroll,
  ].filter(Boolean);
}

async function showCustomer(id, signal) {
  const customer = await ask(`customers/${encodeURIComponent(id)}/deployment`, signal);
  $("detail-title").textContent = customer.name || id;
  $("detail-facts").textContent = facts(customer);
  $("detail-rows").replaceChildren(customer.products.length > 0
    ? shares("Licences by product", "Product", customer.products, toProduct)
    : element("p", { className: "empty", textContent: "This customer has no licences." }));
  const [domain, all] = await Promise.all([domainOf(id.toLowerCase()),
    ask(`customers/${encodeURIComponent(id)}/licences`, signal).catch((failure) => {
      if (failure.name === "AbortError") throw failure;
      return { items: [], failures: { "all of it": { kind: failure.message } } };
    })]);
  if (signal.aborted) return;
  if (domain) $("detail-id").prepend(`${domain} · `);
  $("detail-more").replaceChildren(...licences(all));
}

async function showProduct(name, signal) {
  const product = await ask(`product?name=${encodeURIComponent(name)}`, signal);
  $("detail-facts").textContent = facts(product);
  $("detail-rows").replaceChildren(
    shares("Licences by customer", "Customer", product.customers, toCustomer));
}

async function open({ kind, id }) {
  if (request) request.abort();
  const mine = request = new AbortController();
  $("detail-title").textContent = kind === "customer" ? "Customer" : id;
  $("detail-facts").textContent = "";
  $("detail-id").replaceChildren(...(kind === "customer" ? [`${id} `, copyButton(id)] : []));
  for (const part of ["detail-rows", "detail-more"]) $(part).replaceChildren();
  $("detail-problem").hidden = true;
  $("detail-state").textContent = "Loading…";
  if (!$("detail").open) $("detail").showModal();
  $("detail").scrollTop = 0;
  try {
    await (kind === "customer" ? showCustomer : showProduct)(id, mine.signal);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    $("detail-problem").hidden = false;
    $("detail-problem-text").textContent = failure.message;
  }
  if (request === mine) $("detail-state").textContent = "";
}

// The address says what is open, so that Back closes it.
export function follow() {
  const what = opened();
  if (what) return open(what);
  if (request) request.abort();
  if ($("detail").open) $("detail").close();
}

export function listen() {
  $("detail-retry").addEventListener("click", () => {
    follow();
    $("close").focus(); // the button is gone for now
  });
  $("close").addEventListener("click", () => $("detail").close());
  $("detail").addEventListener("close", closeAddress);
  $("detail").addEventListener("click", (event) => {
    if (event.target === $("detail")) $("detail").close();
  });
  addEventListener("hashchange", follow);
}
