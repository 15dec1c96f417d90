// What renews or ends soon, and what has changed: one table each.
import { count, difference, element, link, row, table, toCustomer, toProduct } from "./parts.js";

const named = (name) => name || "(no name)";

function renewals(body) {
  const total = body.rows.reduce((sum, each) => sum + (each.licences || 0), 0);
  return {
    text: `${count(body.rows.length)} subscriptions with ${count(total)} licences end or renew from `
      + `${body.from} to ${body.to}.`,
    table: table("What ends or renews", ["Customer", "Product", ["number", "Licences"], "Day", "Then"],
      body.rows.map((each) => row([
        each.id ? link(toCustomer(each.id), named(each.customer)) : named(each.customer),
        each.product ? link(toProduct(each.product), each.product) : "–",
        ["number", count(each.licences)], ["day", each.ends],
        [each.renews ? "" : "low", each.renews ? "renews" : "ends"],
      ]))),
    titles: ["customer", "product", "licences", "day", "renews"],
    rows: body.rows.map((each) => [each.customer, each.product, each.licences, each.ends,
      each.renews ? "yes" : "no"]),
  };
}

const moved = (change) => Math.abs(change.licensesSoldChange) + Math.abs(change.licensesDeployedChange);

function changes(body) {
  const list = [...body.rows].sort((a, b) => moved(b) - moved(a));
  return {
    text: body.from ? `${count(list.length)} changes from ${body.from} to ${body.to}.`
      : "There is no history yet: it takes two snapshots.",
    table: table("What has changed", ["Customer", "Product", "Change", ["number", "Sold"],
      ["number", "+/−"], ["number", "Deployed"], ["number", "+/−"]],
      list.map((each) => row([
        link(toCustomer(each.customerId), named(each.customerName)),
        link(toProduct(each.productName), each.productName), each.change,
        ["number", count(each.licensesSold)], ["number", difference(each.licensesSoldChange)],
        ["number", count(each.licensesDeployed)],
        ["number", difference(each.licensesDeployedChange)],
      ]))),
    titles: ["customer", "product", "change", "sold", "soldChange", "deployed", "deployedChange"],
    rows: list.map((each) => [each.customerName, each.productName, each.change, each.licensesSold,
      each.licensesSoldChange, each.licensesDeployed, each.licensesDeployedChange]),
  };
}

export const LISTS = {
  renewing: { path: "renewals", title: "Renewing", of: renewals },
  changes: { path: "changes", title: "Changes", of: changes },
};

export function empty() {
  return element("p", { className: "empty", textContent: "Nothing." });
}
