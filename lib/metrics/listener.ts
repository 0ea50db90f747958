/**
 * The listener of `--metrics`: numbers for Prometheus, and whether the server lives and takes work, for whoever starts
 * it and sends it clients.
 *
 * @module
 */

import { HttpError } from "../http/http_error.ts";
import { Router } from "../http/router.ts";
import { type Family, formatFor } from "./exposition.ts";

/** What the listener shows. */
export interface Shown {
  /** All families, as they are now. */
  readonly families: () => Promise<readonly Family[]>;
  /** Whether the event loops turn: if not, the process has to be started again. */
  readonly alive: () => boolean;
  /** What keeps the server from taking new sessions, in a word or two; `undefined`: nothing. */
  readonly unready: () => string | undefined;
  /** What is amiss although it takes sessions, in a line; `undefined`: nothing. */
  readonly amiss: () => string | undefined;
}

/** A listener that is open. */
export interface MetricsListener extends AsyncDisposable {
  /** Where it listens. */
  readonly address: { readonly hostname: string; readonly port: number };
}

/**
 * Listens at once. A request that a web page makes is refused; all others are answered, whoever sends them.
 *
 * @throws {Deno.errors.AddrInUse} or another error of the system.
 */
export function serveMetrics(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  shown: Shown,
): MetricsListener {
  const alive = () => probe(shown.alive() ? undefined : "event loop stuck");
  const router = new Router({
    guard: refusePages,
    routes: {
      "GET /metrics": async ({ headers }) => {
        const { contentType, write } = formatFor(headers.get("accept"));
        return new Response(write(await shown.families()), { headers: { "content-type": contentType } });
      },
      "GET /livez": alive,
      // Before livez and readyz this was the usual name.
      "GET /healthz": alive,
      "GET /readyz": () => probe(shown.unready(), shown.amiss()),
    },
  });
  const server = Deno.serve({ hostname, port, onListen: () => {} }, (request) => router.answer(request));
  return { address: server.addr, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Machines look at the status, people at the text. */
function probe(trouble: string | undefined, remark?: string): Response {
  return new Response(`${trouble ?? "ok"}\n${remark === undefined ? "" : `${remark}\n`}`, {
    status: trouble === undefined ? 200 : 503,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}

/** A page of anybody could read the numbers of a listener on loopback by way of a browser there (DNS rebinding). */
function refusePages({ headers }: Request): void {
  const site = headers.get("sec-fetch-site");
  if (headers.has("origin") || (site !== null && site !== "none")) {
    throw new HttpError(403, "Requests from web pages are refused");
  }
}
