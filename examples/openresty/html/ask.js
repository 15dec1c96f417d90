// Talking to the gateway.

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + ".";
}

// The answer to a path; throws an error whose message is for people. What the browser
// keeps is good enough, unless it is asked `again`.
export async function ask(path, signal, again) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: "application/json" }, signal,
      cache: again ? "no-cache" : "default" });
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
