import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { resolveOptions } from "../../lib/options/resolve.ts";
import { parseFlags } from "../../lib/cli/flags.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { SERVE_USAGE } from "../../lib/cli/settings/usage.ts";
import { flagOf, SETTING_NAMES, SETTINGS, variableOf } from "../../lib/cli/settings/table.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";

Deno.test("SETTINGS has only fallbacks that its own parser takes", () => {
  for (const name of SETTING_NAMES) {
    const { fallback, parse } = SETTINGS[name];
    if (fallback !== undefined) assertEquals(String(parse(fallback)), fallback, name);
  }
});

Deno.test("SETTINGS shows the defaults that the server has", () => {
  const options = resolveOptions({
    authenticator: { authenticate: () => ({ ok: false, reason: "password" }) },
    fileSystem: () => new MemoryVfs(),
  });
  const { login, idle, dataConnect, stall } = options.timeouts;
  const defaults = {
    host: options.hostname,
    port: options.port,
    maxSessions: options.maxSessions,
    maxSessionsPerIp: options.sessionsPerAddress.limit,
    maxStrangersPerIp: options.strangersPerAddress.limit,
    maxLoginFailures: options.maxLoginFailures,
    allowForeignDataPeer: options.allowForeignDataPeer,
    ascii: options.ascii,
    digests: options.digests,
    mkdExisting: options.mkdExisting,
    autoMkdir: options.autoMkdir,
    loginTimeout: login / 1000,
    idleTimeout: idle / 1000,
    dataTimeout: dataConnect / 1000,
    stallTimeout: stall / 1000,
  };
  for (const name of SETTING_NAMES) {
    if (name in defaults) {
      assertEquals(SETTINGS[name].fallback, String(defaults[name as keyof typeof defaults]), name);
    }
  }
  assertEquals(SETTINGS.active.fallback, options.active ? "on" : "off");
});

for (
  const [name, given, message] of [
    ["host", "localhost", /must be an IP address/],
    ["port", "65536", /whole number from 0 to 65535/],
    ["port", "1e3", /whole number/],
    ["port", "-1", /whole number/],
    ["users", "", /must not be empty/],
    ["passivePorts", "30000-", /must look like "30000-30100"/],
    ["passivePorts", "30001-30000", /must be an ascending/],
    ["passiveAddress", "::1", /PASV cannot carry an IPv6 address/],
    ["passiveAddress", "a b", /IPv4 address or a name/],
    ["passiveAddress", "0.0.0.0", /that clients can reach/],
    ["timeZone", "Mars/Olympus", /must be an IANA time zone/],
    ["passiveLocalNetworks", "10.0.0.0/40", /must be networks such as/],
    ["active", "yes", /must be on or off/],
    ["allowRoot", "yes", /must be true or false/],
    ["tlsCert", "a,,b", /must not be empty/],
    ["hostNames", "a,,b", /must be names such as/],
    ["hostNames", "a b", /must be names such as/],
  ] as const
) {
  Deno.test(`SETTINGS.${name} refuses "${given}"`, () => {
    const error = assertThrows(() => SETTINGS[name].parse(given));
    assertMatch(error.message, message);
  });
}

Deno.test("flagOf and variableOf write a name as flag and as variable", () => {
  assertEquals(flagOf("maxSessionsPerIp"), "max-sessions-per-ip");
  assertEquals(variableOf("maxSessionsPerIp"), "DENOFTPD_MAX_SESSIONS_PER_IP");
});

Deno.test("SERVE_USAGE has a line for every setting, with its default", () => {
  for (const name of SETTING_NAMES) {
    assertMatch(SERVE_USAGE, new RegExp(`^  --${flagOf(name)}( |$)`, "m"));
  }
  assertMatch(SERVE_USAGE, /^ {2}--port N .*\(2121\)$/m);
});

for (const value of ["no", "1", ""]) {
  Deno.test(`parseFlags refuses "${value}" for a switch`, () => {
    const names = { command: "serve", texts: ["port"], switches: ["allow-root"] };
    const error = assertThrows(() => parseFlags([`--allow-root=${value}`], names), UsageError);
    assertEquals(error.message, `Flag "--allow-root" must be true or false, or without a value, not "${value}"`);
  });
}

Deno.test("parseFlags takes true, false and nothing for a switch", () => {
  const names = { command: "serve", texts: ["port"], switches: ["allow-root"] };
  const read = (...args: string[]) => parseFlags(args, names)["allow-root"];
  assertEquals([read("--allow-root=true"), read("--allow-root"), read("--allow-root=false")], [true, true, false]);
  assertEquals(parseFlags(["--port=no"], names)["port"], ["no"]);
});
