// The totals and the products.
import { $, bar, count, element, levelOf, link, share, toProduct } from "./parts.js";

const FIRST = 10;
let allShown = false;

export function showTotals(measure, totals, customers) {
  $("act").textContent = count(totals.left);
  $("act-text").textContent = measure.act;
  $("t-customers").textContent = count(customers);
  $("t-whole-name").textContent = `Licences ${measure.names.whole.toLowerCase()}`;
  $("t-whole").textContent = count(totals.whole);
  $("t-part-name").textContent = measure.names.part;
  $("t-part").textContent = count(totals.part);
  $("t-share").textContent = share(totals.share);
  $("t-share").className = levelOf(totals.share);
  $("t-bar").replaceChildren(bar(totals.part, totals.whole, totals.whole));
  $("note").textContent = measure.note || "";
  $("note").hidden = !measure.note;
  $("legend-part").textContent = measure.names.part.toLowerCase();
  $("legend-whole").textContent = measure.names.whole.toLowerCase();
}

function item(group, measure, most) {
  const name = measure.opens ? link(toProduct(group.name), group.name)
    : element("span", { textContent: group.name });
  return element("li", {},
    element("span", { className: "name" }, name),
    element("span", { className: "bar-cell" }, bar(group.part, group.whole, most)),
    element("span", { className: "figures" },
      element("b", { textContent: count(group.left) }),
      ` ${measure.names.left.toLowerCase()} of ${count(group.whole)} · `,
      element("span", { className: levelOf(group.share), textContent: share(group.share) })));
}

export function showProducts(measure, products) {
  const list = [...products].sort((a, b) => b.left - a.left || a.name.localeCompare(b.name));
  const most = list.reduce((largest, group) => Math.max(largest, group.whole), 0);
  const shown = allShown ? list : list.slice(0, FIRST);
  $("products").replaceChildren(...shown.map((group) => item(group, measure, most)));
  if (list.length === 0) {
    $("products").append(element("li", { className: "empty", textContent: "No products." }));
  }
  const more = $("more-products");
  more.hidden = list.length <= FIRST;
  more.textContent = allShown ? "Show fewer" : `Show all ${list.length} products`;
  more.setAttribute("aria-expanded", allShown);
  more.onclick = () => {
    allShown = !allShown;
    showProducts(measure, products);
  };
}
