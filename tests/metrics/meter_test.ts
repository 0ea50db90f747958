import { assertEquals } from "@std/assert";
import type { ServerEvent } from "../../lib/events.ts";
import { commandTable } from "../../lib/commands/table.ts";
import type { Family } from "../../lib/metrics/exposition.ts";
import { meterOf, ServerMetrics } from "../../lib/metrics/metrics.ts";
import { writeAll } from "../../lib/net/connection.ts";
import { BALANCER, fromBalancer } from "../helpers/balancer.ts";
import { conversation, plainConversation, type Setup, type Stage } from "../helpers/server.ts";

const VERBS = commandTable.commands.map(({ verb }) => verb);

const SOURCES = { version: "0", passivePorts: undefined, certificates: () => [], bans: 0 };

/** Metrics of one event loop, with the setup of a server that counts with them. */
function metered(setup: Setup = {}): { readonly metrics: ServerMetrics; readonly setup: Setup } {
  const metrics = new ServerMetrics({ verbs: VERBS, loops: 1 });
  const meter = meterOf(metrics.memory, VERBS, 0);
  return { metrics, setup: { ...setup, options: { ...setup.options, meter } } };
}

/** The numbers of a family that are not 0, by the values of their labels. */
function numbers(families: readonly Family[], name: string): Record<string, number> {
  const { samples = [] } = families.find((family) => family.name === name) ?? {};
  return Object.fromEntries(
    samples.filter(({ value }) => value !== 0).map((
      { labels = {}, value },
    ) => [Object.values(labels).join(" "), value]),
  );
}

function count(events: readonly ServerEvent[], keyOf: (event: ServerEvent) => string | undefined) {
  const counts: Record<string, number> = {};
  for (const event of events) {
    const key = keyOf(event);
    if (key !== undefined) counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** A talk with everything that is counted, failures included. */
async function talkOfEverything({ ftp, event }: Stage): Promise<void> {
  await ftp.expect("NOSUCH", 500);
  await ftp.expect("PASS", 503);
  await ftp.expect("USER demo", 331);
  await ftp.expect("PASS wrong", 530);
  await ftp.login();
  await ftp.expect("TYPE I", 200);
  await ftp.upload("STOR new", "twelve bytes");
  assertEquals(await ftp.downloadText("RETR new"), "twelve bytes");
  await ftp.downloadText("LIST");
  await ftp.expect("SIZE missing", 550);
  await ftp.expect("MKD d", 257);
  await ftp.expect("RNFR new", 350);
  await ftp.expect("RNTO d/new", 250);
  await ftp.expect("DELE d/new", 250);
  await ftp.expect("RMD d", 250);
  await ftp.expect("QUIT", 221);
  await event("sessionClosed");
}

const everything = metered({ login: false });
plainConversation("A meter counts what the events say", everything.setup, async (stage) => {
  await talkOfEverything(stage);
  const { events } = stage;
  const families = everything.metrics.families(SOURCES);
  assertEquals(
    numbers(families, "denoftpd_commands"),
    count(events, (event) => {
      if (event.type !== "command") return undefined;
      const [verb = ""] = event.line.split(" ");
      return VERBS.includes(verb) ? verb : "other";
    }),
  );
  assertEquals(
    numbers(families, "denoftpd_replies"),
    count(events, (event) => event.type === "reply" ? String(event.code) : undefined),
  );
  assertEquals(
    numbers(families, "denoftpd_transfers"),
    count(events, (event) => event.type === "transfer" ? `${event.direction} complete` : undefined),
  );
  assertEquals(
    numbers(families, "denoftpd_logins"),
    count(events, (event) => event.type === "login" ? event.reason ?? "accepted" : undefined),
  );
  assertEquals(
    numbers(families, "denoftpd_file_changes"),
    count(events, (event) => event.type === "fileChanged" ? event.change : undefined),
  );
  const bytes: Record<string, number> = {};
  for (const event of events) {
    if (event.type === "transfer") bytes[event.direction] = (bytes[event.direction] ?? 0) + event.bytes;
  }
  assertEquals(numbers(families, "denoftpd_transfer_bytes"), bytes);
  assertEquals(numbers(families, "denoftpd_data_connections"), { "passive false false": 3 });
  assertEquals(numbers(families, "denoftpd_sessions_opened"), { "": 1 });
  for (const gauge of ["denoftpd_sessions", "denoftpd_transfers_active"]) {
    assertEquals([gauge, numbers(families, gauge)], [gauge, {}]);
  }
});

const live = metered();
conversation("A meter knows which sessions are under TLS", live.setup, async ({ ftp, server, event }) => {
  const [info] = server.sessions();
  assertEquals(numbers(live.metrics.families(SOURCES), "denoftpd_sessions"), { [String(info?.secure)]: 1 });
  await ftp.expect("QUIT", 221);
  await event("sessionClosed");
  assertEquals(numbers(live.metrics.families(SOURCES), "denoftpd_sessions"), {});
});

const full = metered({ options: { maxSessions: 1 } });
plainConversation("A meter counts refused connections by reason", full.setup, async ({ server, event }) => {
  const refused = await Deno.connect({ port: server.address.port });
  const buffer = new Uint8Array(3);
  await refused.read(buffer);
  assertEquals(new TextDecoder().decode(buffer), "421");
  refused.close();
  await event("connectionRefused");
  const families = full.metrics.families(SOURCES);
  assertEquals(numbers(families, "denoftpd_connections_refused"), { sessions: 1 });
  assertEquals(numbers(families, "denoftpd_admission_denied"), { total: 1 });
});

const balanced = metered({ options: { proxyFrom: [BALANCER] } });
plainConversation("A meter counts what balancers send without a header", balanced.setup, async ({ server, event }) => {
  const connection = await fromBalancer(server.address.port);
  await writeAll(connection, new TextEncoder().encode("USER demo\r\n"));
  await event("proxyHeaderRefused");
  connection.close();
  assertEquals(numbers(balanced.metrics.families(SOURCES), "denoftpd_connections_refused"), { proxyHeader: 1 });
});

Deno.test("ServerMetrics adds up event loops, and forgets only what was open in one that died", () => {
  const metrics = new ServerMetrics({ verbs: VERBS, loops: 2 });
  const meters = [0, 1].map((loop) => meterOf(metrics.memory, VERBS, loop));
  for (const meter of meters) meter.sessionOpened(false);
  for (const meter of meters) meter.commandDone("NOOP", 0.2);
  metrics.lost(1);
  const families = metrics.families(SOURCES);
  assertEquals(numbers(families, "denoftpd_sessions"), { false: 1 });
  assertEquals(numbers(families, "denoftpd_sessions_opened"), { "": 2 });
  assertEquals(numbers(families, "denoftpd_commands"), { NOOP: 2 });
  assertEquals(numbers(families, "denoftpd_command_duration_seconds")["0.0005"], 2);
});

Deno.test("ServerMetrics is not alive while an event loop that has begun does not turn", () => {
  const metrics = new ServerMetrics({ verbs: VERBS, loops: 2 });
  assertEquals(metrics.alive, true);
  using _beat = meterOf(metrics.memory, VERBS, 0).beat();
  assertEquals(metrics.alive, true);
  const past = Date.now() - 60_000;
  const now = Date.now;
  Date.now = () => past;
  meterOf(metrics.memory, VERBS, 1).beat()[Symbol.dispose]();
  Date.now = now;
  assertEquals(metrics.alive, false);
});
