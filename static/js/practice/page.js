// What a lesson's page says about itself and its reader, and how to talk to the API: the configuration, the token for
// writing, one `send`. Knows no cell and no exercise.

const TIMEOUT = 30_000; // ms

/** The server did not answer: no network, or nothing behind it. To be tried again with the same body. */
export class Unreachable extends Error {}

/** The server answered, and the answer is no. `problem` is the API's error document, or null. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.errors?.[0]?.detail ?? problem?.detail ?? problem?.title ?? `the server answered ${status}`);
    this.status = status;
    this.problem = problem;
  }

  get isLoggedOut() {
    return this.status === 401 || this.status === 403;
  }

  /** Whether the same request may be answered otherwise a little later. */
  get isPassing() {
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** The page's configuration, or null on a page without practice. */
export function readPage() {
  const element = document.getElementById("practice-config");
  if (!element) return null;
  const { lesson, user = null, enrolled = false, runtime, files = {}, work = {}, exercises = {}, folder = "" } =
    JSON.parse(element.textContent);
  return { lesson, user, enrolled, runtime, files, work, exercises, folder };
}

export function blockAddress(page, block, what) {
  return `/api/v1/lessons/${page.lesson}/blocks/${encodeURIComponent(block)}/${what}`;
}

function token() {
  const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
  return cookie ? decodeURIComponent(cookie[1]) : (document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "");
}

/**
 * Sends JSON and returns `{status, data}`; `data` is null without a body.
 * `leaving`: the page is going away and the request should outlive it.
 */
export async function send(method, address, body, { leaving = false } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = token();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  let text;
  try {
    answer = await fetch(address, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      keepalive: leaving,
      redirect: "error",
      signal: leaving ? undefined : AbortSignal.timeout(TIMEOUT),
    });
    text = await answer.text();
  } catch (error) {
    throw new Unreachable(error.message);
  }
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    // An error page of a proxy, say: the status alone is to be judged.
  }
  if (!answer.ok) throw new Refused(answer.status, data);
  return { status: answer.status, data };
}

/** Milliseconds to wait before the n-th new try (from 0): 2 s doubling to 60 s, spread so that a class does not return at once. */
export function backoff(tries) {
  return Math.min(60_000, 2000 * 2 ** tries) * (0.75 + Math.random() / 2);
}
