import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Authenticator } from "../lib/auth/authenticator.ts";
import type { ServerOptions } from "../lib/options.ts";
import { DEFAULT_OPTIONS, DEFAULT_TLS } from "../lib/options/defaults.ts";
import { resolveOptions } from "../lib/options/resolve.ts";
import { MemoryVfs } from "../lib/drivers/memory/memory.ts";

const authenticator: Authenticator = { authenticate: () => ({ ok: false, reason: "unknown" }) };
const needed: ServerOptions = { authenticator, fileSystem: () => new MemoryVfs() };

Deno.test("resolveOptions fills in the documented defaults", () => {
  const options = resolveOptions(needed);
  assertEquals(options.host, "127.0.0.1");
  assertEquals(options.port, 2121);
  assertEquals([options.active, options.ascii, options.mkdExisting, options.autoMkdir], [
    true,
    "convert",
    "refuse",
    false,
  ]);
  assertEquals([options.maxSessions, options.maxBadCommands, options.maxLoginFailures], [0, 10, 5]);
  assertEquals([options.tls, options.zone, options.before], [undefined, undefined, undefined]);
  assert(options.passiveLocalNetworks.some((network) => network.contains("192.168.1.1")));
  assert(!options.passiveLocalNetworks.some((network) => network.contains("192.0.2.1")));
});

Deno.test("ServerOptions documents the defaults of DEFAULT_OPTIONS and DEFAULT_TLS", async () => {
  const files = ["../lib/options.ts", "../lib/options/abuse.ts"];
  const source = (await Promise.all(files.map((file) => Deno.readTextFile(new URL(file, import.meta.url))))).join("");
  const documented = new Map(
    Array.from(
      source.matchAll(/@default ("[^"]*"|[\d_]+|true|false)\n +\*\/\n +readonly (\w+)\?/g),
      ([, value = "", name = ""]) => [name, JSON.parse(value.replaceAll("_", ""))],
    ),
  );
  assert(documented.size > 25);
  const defaults = new Map<string, unknown>(Object.entries({ ...DEFAULT_OPTIONS, ...DEFAULT_TLS }));
  for (const [name, value] of documented) assertEquals(defaults.get(name), value, name);
  const isWord = (value: unknown) => value !== null && !["object", "function"].includes(typeof value);
  for (const [name, value] of defaults) {
    if (isWord(value)) assert(documented.has(name), `${name} is documented without its default`);
  }
});

Deno.test("resolveOptions takes undefined for a default", () => {
  const given = { ...needed, banner: undefined, idleTimeout: 5 } as unknown as ServerOptions;
  const options = resolveOptions(given);
  assertEquals(options.banner, "denoftpd ready");
  assertEquals(options.idleTimeout, 5);
  assertEquals(options.loginTimeout, 60_000);
});

Deno.test("resolveOptions freezes its result", () => {
  const options = resolveOptions(needed);
  assert(Object.isFrozen(options) && Object.isFrozen(options.passiveLocalNetworks));
});

Deno.test("resolveOptions refuses what makes no sense, and names option and value", () => {
  const cases: readonly [Partial<ServerOptions>, string, string][] = [
    [{ port: -1 }, '"port"', '"-1"'],
    [{ port: 65_536 }, '"port"', '"65536"'],
    [{ port: 21.5 }, '"port"', '"21.5"'],
    [{ port: NaN }, '"port"', '"NaN"'],
    [{ maxSessions: -1 }, '"maxSessions"', '"-1"'],
    [{ maxSessionsPerIp: 1.5 }, '"maxSessionsPerIp"', '"1.5"'],
    [{ maxBadCommands: Infinity }, '"maxBadCommands"', '"Infinity"'],
    [{ maxLoginFailures: -3 }, '"maxLoginFailures"', '"-3"'],
    [{ failureDelay: 2 ** 31 }, '"failureDelay"', '"2147483648"'],
    [{ idleTimeout: -1 }, '"idleTimeout"', '"-1"'],
    [{ stallTimeout: 0.5 }, '"stallTimeout"', '"0.5"'],
    [{ timeZone: "Mars/Olympus" }, '"timeZone"', '"Mars/Olympus"'],
    [{ passiveLocalNetworks: ["10.0.0.0/99"] }, '"passiveLocalNetworks"', '"10.0.0.0/99"'],
    [{ passiveAddress: "0.0.0.0" }, '"passiveAddress"', '"0.0.0.0"'],
    [{ passiveAddress: "2001:db8::1" }, '"passiveAddress"', '"2001:db8::1"'],
    [{ passiveAddress: "" }, '"passiveAddress"', '""'],
  ];
  for (const [given, option, value] of cases) {
    const { message } = assertThrows(() => resolveOptions({ ...needed, ...given }), RangeError, option);
    assert(message.includes(value), message);
    assert(!message.endsWith("."), message);
  }
});

Deno.test("resolveOptions takes 0 for a limit that is off", () => {
  const off = { loginTimeout: 0, idleTimeout: 0, dataTimeout: 0, stallTimeout: 0, handshakeTimeout: 0, maxSessions: 0 };
  const options = resolveOptions({ ...needed, ...off, maxBadCommands: 0 });
  assertEquals({ ...options, ...off }, options);
});

Deno.test("resolveOptions gives each server turns, memory and an engine of its own, unless asked to share", () => {
  const [first, second] = [resolveOptions(needed), resolveOptions(needed)];
  assert(first.eventLoop !== second.eventLoop && first.dataEngine !== second.dataEngine);
  const { eventLoop, dataEngine } = first;
  const third = resolveOptions({ ...needed, eventLoop, dataEngine });
  assert(third.eventLoop === eventLoop && third.dataEngine === dataEngine);
});
