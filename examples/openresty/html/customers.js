// The table of customers: searched, below a share, in an order.
import { $, bar, count, element, levelOf, link, row, share, toCustomer } from "./parts.js";

const FIRST = 100;

export function wanted(customers, looked) {
  const words = looked.search.toLowerCase().split(/\s+/).filter(Boolean);
  const list = customers.filter((customer) => {
    const name = customer.name.toLowerCase();
    if (!words.every((word) => name.includes(word))) return false;
    return looked.below == null || (customer.share != null && customer.share * 100 < looked.below);
  });
  const sign = looked.order === "desc" ? -1 : 1, key = looked.sort;
  return list.sort((a, b) => {
    if (a[key] == null || b[key] == null) return (a[key] == null) - (b[key] == null);
    const order = key === "name" ? a.name.localeCompare(b.name) : a[key] - b[key];
    return sign * order || a.name.localeCompare(b.name);
  });
}

export function shareCell(group) {
  return element("div", { className: "share-cell" }, bar(group.part, group.whole, group.whole),
    element("span", { className: levelOf(group.share), textContent: share(group.share) }));
}

function customerRow(customer) {
  const made = row([
    link(toCustomer(customer.id), customer.name), ["number", count(customer.left)],
    ["number more", count(customer.whole)], ["number more", count(customer.part)],
    ["share", shareCell(customer)],
  ]);
  made.dataset.id = customer.id;
  return made;
}

export function showCustomers(measure, customers, looked, allShown) {
  const list = wanted(customers, looked), all = customers.length;
  const shown = allShown ? list : list.slice(0, FIRST);
  $("rows").replaceChildren(...shown.map(customerRow));
  $("count").textContent = list.length === all
    ? `${count(all)} customers` : `${count(list.length)} of ${count(all)} customers`;
  $("empty").hidden = list.length > 0;
  $("table-frame").hidden = list.length === 0;
  $("empty").textContent = all === 0
    ? "There are no customers yet." : "No customer matches. Change the search or the share.";
  const more = $("more-rows");
  more.hidden = allShown || list.length <= FIRST;
  more.textContent = `Show all ${count(list.length)} customers`;
  for (const button of document.querySelectorAll("[data-sort]")) {
    const key = button.dataset.sort;
    if (measure.names[key]) button.textContent = measure.names[key];
    button.parentElement.setAttribute("aria-sort",
      key !== looked.sort ? "none" : looked.order === "desc" ? "descending" : "ascending");
  }
  $("below-name").textContent = `${measure.names.part} below, in %`;
}
