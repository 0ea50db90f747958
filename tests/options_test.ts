import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Authenticator } from "../lib/auth/authenticator.ts";
import type { ServerOptions } from "../lib/options.ts";
import { resolveOptions } from "../lib/options/resolve.ts";
import { MemoryVfs } from "../lib/drivers/memory/memory.ts";

const authenticator: Authenticator = { authenticate: () => ({ ok: false, reason: "unknown" }) };
const needed: ServerOptions = { authenticator, fileSystem: () => new MemoryVfs() };

Deno.test("resolveOptions fills in the documented defaults", () => {
  const options = resolveOptions(needed);
  assertEquals(options.hostname, "127.0.0.1");
  assertEquals(options.port, 2121);
  assertEquals(options.timeouts, {
    login: 60_000,
    idle: 300_000,
    dataConnect: 30_000,
    stall: 120_000,
    handshake: 20_000,
  });
  assertEquals([options.active, options.ascii, options.mkdExisting, options.autoMkdir], [
    true,
    "convert",
    "refuse",
    false,
  ]);
  assertEquals([options.maxSessions, options.maxBadCommands, options.maxLoginFailures], [0, 10, 5]);
  assertEquals([options.tls, options.zone, options.before], [undefined, undefined, undefined]);
  assert(options.passive.localNetworks.some((network) => network.contains("192.168.1.1")));
  assert(!options.passive.localNetworks.some((network) => network.contains("192.0.2.1")));
});

Deno.test("resolveOptions takes undefined for a default", () => {
  const given = { ...needed, banner: undefined, timeouts: { idle: 5 } } as unknown as ServerOptions;
  const options = resolveOptions(given);
  assertEquals(options.banner, "denoftpd ready");
  assertEquals(options.timeouts.idle, 5);
  assertEquals(options.timeouts.login, 60_000);
});

Deno.test("resolveOptions freezes its result", () => {
  const options = resolveOptions(needed);
  assert(Object.isFrozen(options) && Object.isFrozen(options.timeouts) && Object.isFrozen(options.passive));
});

Deno.test("resolveOptions refuses what makes no sense, and names option and value", () => {
  const cases: readonly [Partial<ServerOptions>, string, string][] = [
    [{ port: -1 }, '"port"', '"-1"'],
    [{ port: 65_536 }, '"port"', '"65536"'],
    [{ port: 21.5 }, '"port"', '"21.5"'],
    [{ port: NaN }, '"port"', '"NaN"'],
    [{ maxSessions: -1 }, '"maxSessions"', '"-1"'],
    [{ maxSessionsPerAddress: 1.5 }, '"maxSessionsPerAddress"', '"1.5"'],
    [{ maxBadCommands: Infinity }, '"maxBadCommands"', '"Infinity"'],
    [{ maxLoginFailures: -3 }, '"maxLoginFailures"', '"-3"'],
    [{ failureDelay: 2 ** 31 }, '"failureDelay"', '"2147483648"'],
    [{ timeouts: { idle: -1 } }, '"timeouts.idle"', '"-1"'],
    [{ timeouts: { stall: 0.5 } }, '"timeouts.stall"', '"0.5"'],
    [{ timeZone: "Mars/Olympus" }, '"timeZone"', '"Mars/Olympus"'],
    [{ passive: { localNetworks: ["10.0.0.0/99"] } }, '"passive.localNetworks"', '"10.0.0.0/99"'],
    [{ passive: { address: "0.0.0.0" } }, '"passive.address"', '"0.0.0.0"'],
    [{ passive: { address: "2001:db8::1" } }, '"passive.address"', '"2001:db8::1"'],
    [{ passive: { address: "" } }, '"passive.address"', '""'],
  ];
  for (const [given, option, value] of cases) {
    const { message } = assertThrows(() => resolveOptions({ ...needed, ...given }), RangeError, option);
    assert(message.includes(value), message);
    assert(!message.endsWith("."), message);
  }
});

Deno.test("resolveOptions takes 0 for a limit that is off", () => {
  const timeouts = { login: 0, idle: 0, dataConnect: 0, stall: 0, handshake: 0 };
  assertEquals(resolveOptions({ ...needed, timeouts, maxSessions: 0, maxBadCommands: 0 }).timeouts, timeouts);
});
