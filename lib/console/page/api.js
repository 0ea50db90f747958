/** The console's only way to the server: the same REST interface that scripts use. */

/** An answer that is not 2xx. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Called when the server no longer knows who we are. */
let onStranger = () => {};

/** @param listener called with a 401. */
export function whenStranger(listener) {
  onStranger = listener;
}

/** Sends a request; resolves to the body of the answer. */
export async function send(method, path, body, headers) {
  return await (await ask(method, path, body, headers)).json().catch(() => ({}));
}

/** Asks for something. */
export const get = (path) => send("GET", path);

/** Asks for something that may be changed: its body, and the version that a change is to name in `If-Match`. */
export async function getVersioned(path) {
  const response = await ask("GET", path);
  return { body: await response.json(), version: response.headers.get("etag") };
}

async function ask(method, path, body, headers = {}) {
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(`/api/${path}`, { method, headers: { ...type, ...headers }, ...content });
  } catch {
    throw new ApiError(0, "The server does not answer");
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== "login") onStranger();
  const { error } = await response.json().catch(() => ({}));
  throw new ApiError(response.status, error ?? `The server answered ${response.status}`);
}
