// What pages are made of. All text goes through textContent; nothing is made from strings.

const number = new Intl.NumberFormat();
const percent = new Intl.NumberFormat(undefined, {
  style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1,
});

export const $ = (id) => document.getElementById(id);

export function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child != null));
  return made;
}

export function count(value) {
  return value == null ? "–" : number.format(value);
}

export function difference(value) {
  return value > 0 ? `+${number.format(value)}` : value < 0 ? `−${number.format(-value)}` : "0";
}

export function share(value) {
  return value == null ? "–" : percent.format(value);
}

export function levelOf(value) {
  if (value == null) return "";
  return value < 0.4 ? "low" : value < 0.7 ? "mid" : "high";
}

// As long as `whole` of `most`; filled as far as `part`. The numbers stand beside it.
export function bar(part, whole, most) {
  const value = whole > 0 ? part / whole : null;
  const fill = element("i");
  fill.style.width = `${100 * Math.min(1, value || 0)}%`;
  const frame = element("span", { className: `bar ${levelOf(value)}` }, fill);
  frame.style.width = `${most > 0 ? 100 * whole / most : 0}%`;
  frame.setAttribute("aria-hidden", "true");
  return frame;
}

export function link(target, text) {
  return element("a", { href: target, textContent: text });
}

export const toCustomer = (id) => `#customer=${encodeURIComponent(id)}`;
export const toProduct = (name) => `#product=${encodeURIComponent(name)}`;

// One row of a table; a cell is a text, an element, or [class, text or element].
export function row(cells, head = "td") {
  return element("tr", {}, ...cells.map((cell, i) => {
    const [className, content] = Array.isArray(cell) ? cell : ["", cell];
    const made = element(i === 0 && head === "td" ? "th" : head, { className }, content);
    if (made.tagName === "TH") made.scope = head === "th" ? "col" : "row";
    return made;
  }));
}

export function table(caption, titles, rows) {
  return element("table", {},
    element("caption", { className: "unseen", textContent: caption }),
    element("thead", {}, row(titles, "th")), element("tbody", {}, ...rows));
}
