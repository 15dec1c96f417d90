// Rows as a file for a spreadsheet.

// Text that a spreadsheet would take for a formula begins with an apostrophe.
function cell(value) {
  let text = value == null ? "" : String(value);
  if (typeof value === "string" && /^\s*[=+@-]|^[\t\r\n]|^\s*[＝＋－＠]/.test(text)) text = `'${text}`;
  return /[",\r\n\t]|^ | $/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// With a byte order mark, by which a spreadsheet knows it for UTF-8.
export function csv(titles, rows) {
  return "\ufeff" + [titles, ...rows].map((each) => each.map(cell).join(",") + "\r\n").join("");
}

export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
