/**
 * Our server with each thing that watches it, and whoever is at its other end: the services of webhooks and of the
 * before-hook, and a console page.
 *
 * @module
 */

import { join } from "@std/path";
import { FROM_SOURCE, withSettings } from "../ours.ts";
import { freePort } from "../running.ts";
import type { Way } from "./measure.ts";

/** A service that answers everything at once. */
interface Service extends AsyncDisposable {
  readonly url: string;
  readonly asked: () => number;
}

/** All of them; the first is watched by nothing. Their services listen until they are disposed. `folder`: for files. */
export function watchings(folder: string): { readonly all: readonly Way[] } & AsyncDisposable {
  const services = new AsyncDisposableStack();
  const [hooked, asked] = [services.use(startService()), services.use(startService())];
  const secret = join(folder, "secret");
  Deno.writeTextFileSync(secret, "a secret of the benchmark");
  const admin = (
    name: string,
  ): { readonly flags: readonly string[]; readonly token: string; readonly place: string } => {
    const [place, token] = [`127.0.0.1:${freePort()}`, join(folder, name)];
    return { place, token, flags: ["--admin", place, "--admin-token-file", token] };
  };
  const withTheir = (name: string, flags: readonly string[]) => withSettings(name, { folder, settings: flags });
  const [silent, watched] = [admin("token"), admin("token-of-page")];
  const all: readonly Way[] = [
    { server: FROM_SOURCE },
    { server: withTheir("--metrics", ["--metrics", `127.0.0.1:${freePort()}`]) },
    { server: withTheir("--admin", silent.flags) },
    { server: withTheir("--admin, a page open", watched.flags), attend: () => openPage(watched) },
    {
      server: withTheir("--webhook", [
        ...["--webhook", hooked.url, "--webhook-secret-file", secret, "--state", join(folder, "state")],
      ]),
      asked: hooked.asked,
    },
    { server: withTheir("--before-hook", ["--before-hook", asked.url]), asked: asked.asked },
  ];
  return { all, [Symbol.asyncDispose]: () => services[Symbol.asyncDispose]() };
}

function startService(): Service {
  let count = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    await request.body?.cancel();
    count++;
    return new Response(null, { status: 204 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    asked: () => count,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** What the overview of the console follows: one look a second. */
async function openPage(
  { place, token }: { readonly place: string; readonly token: string },
): Promise<AsyncDisposable> {
  const closed = new AbortController();
  const headers = { authorization: `Bearer ${Deno.readTextFileSync(token).trim()}` };
  const { ok, status, body } = await fetch(`http://${place}/api/live`, { headers, signal: closed.signal });
  if (!ok || !body) throw new Error(`The page was answered ${status}`);
  const read = body.pipeTo(new WritableStream(), { signal: closed.signal }).catch(() => {});
  return {
    [Symbol.asyncDispose]: async () => {
      closed.abort();
      await read;
    },
  };
}
