import { assertEquals } from "@std/assert";
import { startDeadline } from "../../lib/net/deadline.ts";

/** Starts a deadline; resolves to what ended it. */
function causeOf(options: { readonly timeout?: number; readonly signal?: AbortSignal }): Promise<string> {
  return new Promise((resolve) => void startDeadline(options, resolve));
}

Deno.test("startDeadline ends with its time, or before with its signal", async () => {
  assertEquals(await causeOf({ timeout: 1 }), "timeout");
  const aborter = new AbortController();
  const ended = causeOf({ timeout: 60_000, signal: aborter.signal });
  aborter.abort();
  assertEquals(await ended, "aborted");
});

Deno.test("startDeadline ends at once if its signal is aborted already", () => {
  const causes: string[] = [];
  using _deadline = startDeadline({ timeout: 60_000, signal: AbortSignal.abort() }, (cause) => causes.push(cause));
  assertEquals(causes, ["aborted"]);
});

Deno.test("startDeadline never ends once it is disposed, or without a limit", () => {
  const causes: string[] = [];
  const aborter = new AbortController();
  startDeadline({ timeout: 1, signal: aborter.signal }, (cause) => causes.push(cause))[Symbol.dispose]();
  startDeadline({ timeout: 0 }, (cause) => causes.push(cause))[Symbol.dispose]();
  aborter.abort();
  assertEquals(causes, []);
});
