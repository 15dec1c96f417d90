// What is counted of what, and how it is called.

export const MEASURES = {
  deployed: {
    path: "summary", whole: "sold", part: "deployed", act: "sold and not deployed",
    names: { left: "Not deployed", whole: "Sold", part: "Deployed" }, opens: true,
  },
  active: {
    path: "usage", whole: "qualified", part: "active", act: "qualified and not in use",
    names: { left: "Not in use", whole: "Qualified", part: "In use" },
    note: "A licence counts once for each workload of its product.",
  },
};

// A group as the page knows it, whatever is measured.
export function plain(group, measure) {
  return { ...group, whole: group[measure.whole], part: group[measure.part] };
}

export function days(processed) {
  if (!processed) return "No licences yet";
  const name = (day) => new Date(`${day}T00:00:00Z`)
    .toLocaleDateString(undefined, { dateStyle: "long", timeZone: "UTC" });
  return processed.from === processed.to
    ? `As Partner Center processed it on ${name(processed.to)}`
    : `As Partner Center processed it from ${name(processed.from)} to ${name(processed.to)}`;
}
