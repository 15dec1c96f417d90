// What is looked at stands in the address: it can be kept, sent, and gone back to.
//   ?view=active&search=contoso&below=40&sort=share&order=asc#customer=ID

const VIEWS = ["deployed", "active", "renewing", "changes"];
const KEYS = ["name", "left", "whole", "part", "share"];

// Words from A, shares from the worst, counts from the most.
export const firstOrder = (key) => (key === "name" || key === "share" ? "asc" : "desc");

export function read() {
  const asked = new URLSearchParams(location.search);
  const below = asked.get("below");
  const sort = KEYS.includes(asked.get("sort")) ? asked.get("sort") : "left";
  return {
    view: VIEWS.includes(asked.get("view")) ? asked.get("view") : "deployed",
    search: asked.get("search") || "",
    below: below && below >= 0 && below <= 100 ? Number(below) : null,
    sort, order: ["asc", "desc"].includes(asked.get("order")) ? asked.get("order") : firstOrder(sort),
  };
}

export function write(looked) {
  const asked = new URLSearchParams();
  if (looked.view !== "deployed") asked.set("view", looked.view);
  if (looked.search) asked.set("search", looked.search);
  if (looked.below != null) asked.set("below", looked.below);
  if (looked.sort !== "left" || looked.order !== "desc") {
    asked.set("sort", looked.sort);
    asked.set("order", looked.order);
  }
  const text = asked.toString();
  history.replaceState(null, "", location.pathname + (text && `?${text}`) + location.hash);
}

// The customer or the product that is opened.
export function opened() {
  const found = /^#(customer|product)=(.+)$/.exec(location.hash);
  if (!found) return null;
  try {
    return { kind: found[1], id: decodeURIComponent(found[2]) };
  } catch {
    return null; // cut off in the middle of a letter
  }
}

export function close() {
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
}
