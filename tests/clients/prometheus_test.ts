/**
 * Prometheus itself scrapes a server that works: it reads every family, and its numbers are those of what was done.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl, join } from "@std/path";
import { Wire } from "../helpers/wire.ts";
import { ClientTests } from "./bench.ts";
import { run } from "./process.ts";
import { ALICE } from "./server_under_test.ts";

const METRICS_PORT = freePort();
const WORKERS = 2;

const [ALERTS, DASHBOARD, MANUAL] = [
  "deploy/prometheus/alerts.yml",
  "deploy/grafana/denoftpd.json",
  "docs/operations.md",
].map((path) => fromFileUrl(new URL(`../../${path}`, import.meta.url))) as [string, string, string];

const tests = await ClientTests.of("Prometheus", ["prometheus", "promtool"], {
  logLevel: "info",
  workers: WORKERS,
  flags: ["--metrics", `127.0.0.1:${METRICS_PORT}`, "--metrics-accounts"],
});

const METRICS = `http://127.0.0.1:${METRICS_PORT}/metrics`;

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Of a certificate, of a range of ports, of a store, of webhooks and of a cluster, which this server does not have. */
const ELSEWHERE = [
  "denoftpd_tls_certificate_expiry_timestamp_seconds",
  "denoftpd_passive_ports",
  "denoftpd_storage_requests_total",
  "denoftpd_storage_request_duration_seconds",
  "denoftpd_webhook_events",
  ...["connected", "members", "losses_total"].map((name) => `denoftpd_cluster_${name}`),
];

/** What was done, in the terms of the metrics. */
interface Journal {
  readonly sessions: number;
  readonly uploads: number;
  readonly bytes: number;
  readonly failedLogins: number;
}

/** Many sessions at once, each with uploads and a download. */
async function work(port: number): Promise<Journal> {
  const [sessions, files, size] = [12, 5, 3_000];
  await Promise.all(Array.from({ length: sessions }, async (_, session) => {
    await using wire = await Wire.connect(port);
    await wire.expectReply(220);
    await wire.login(ALICE.user, ALICE.password);
    await wire.expect("TYPE I", 200);
    for (let file = 0; file < files; file++) {
      await wire.upload(`STOR ${session}-${file}`, new Uint8Array(size));
      await wire.download(`RETR ${session}-${file}`);
    }
    await wire.expect("QUIT", 221);
    await wire.closed();
  }));
  await using wire = await Wire.connect(port);
  await wire.expectReply(220);
  await wire.expect("USER nobody", 331);
  await wire.expect("PASS wrong", 530);
  await wire.expect("QUIT", 221);
  return { sessions: sessions + 1, uploads: sessions * files, bytes: sessions * files * size, failedLogins: 1 };
}

/** Prometheus with one target. */
async function prometheus(local: string): Promise<AsyncDisposable & { query(expression: string): Promise<number> }> {
  const config = join(local, "prometheus.yml");
  const port = freePort();
  const target = JSON.stringify(`127.0.0.1:${METRICS_PORT}`);
  await Deno.writeTextFile(
    config,
    "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n" +
      `  - {job_name: ftp, static_configs: [{targets: [${target}]}]}\n`,
  );
  const child = new Deno.Command("prometheus", {
    args: [
      ...[`--config.file=${config}`, `--storage.tsdb.path=${join(local, "data")}`],
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const query = async (expression: string) => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { data } = await (await fetch(url)).json();
    return Number(data?.result?.[0]?.value?.[1] ?? NaN);
  };
  return {
    query,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

/** The value of an expression once it is the expected one; the last one after half a minute. */
async function settled(query: () => Promise<number>, expected: number): Promise<number> {
  let value = NaN;
  for (let tries = 0; tries < 150; tries++) {
    value = await query().catch(() => NaN);
    if (value === expected) break;
    await delay(200);
  }
  return value;
}

tests.test("scrapes a busy server with workers, and has the numbers of what was done", async ({ server, local }) => {
  await using scraper = await prometheus(local);
  const expect = async (expression: string, value: number) =>
    assertEquals([expression, await settled(() => scraper.query(expression), value)], [expression, value]);
  await expect("up", 1);
  // The server of the other tests has counted before.
  const before = await scraper.query("denoftpd_sessions_opened_total");
  const journal = await work(server.port);
  await expect("denoftpd_sessions_opened_total", before + journal.sessions);
  await expect('denoftpd_transfers_total{direction="upload",result="complete"}', journal.uploads);
  await expect('denoftpd_transfer_bytes_total{direction="upload"}', journal.bytes);
  await expect('denoftpd_transfer_bytes_total{direction="download"}', journal.bytes);
  await expect('denoftpd_logins_total{result="unknown"}', journal.failedLogins);
  await expect("sum(denoftpd_data_connections_total)", 2 * journal.uploads);
  await expect('denoftpd_commands_total{verb="STOR"}', journal.uploads);
  await expect('denoftpd_transfer_duration_seconds_count{direction="upload"}', journal.uploads);
  await expect(`denoftpd_account_transfers_total{account="${ALICE.user}",direction="upload"}`, journal.uploads);
  await expect("sum(denoftpd_sessions)", 0);
  await expect("count(denoftpd_event_loop_lag_seconds)", WORKERS);
});

tests.test("finds nothing to say about names, types and help", async () => {
  const text = await (await fetch(METRICS)).text();
  assertMatch(text, /^# TYPE denoftpd_sessions gauge$/m);
  const { stdout, stderr } = await run("promtool", ["check", "metrics"], { stdin: text });
  assertEquals([stdout, stderr], ["", ""]);
});

tests.test("accepts the alert rules of deploy", async () => {
  const { stdout } = await run("promtool", ["check", "rules", ALERTS]);
  assertMatch(stdout, /SUCCESS: 1[0-9] rules found/);
});

tests.test("has every family that rules, dashboard and manual name, and the manual has all", async () => {
  const text = await (await fetch(METRICS)).text();
  const shown = new Set(Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name = ""]) => name));
  for (const name of ELSEWHERE) shown.add(name);
  const manual = await Deno.readTextFile(MANUAL);
  for (const name of shown) assertStringIncludes(manual, name);
  for (const file of [ALERTS, DASHBOARD, MANUAL]) {
    const named = (await Deno.readTextFile(file)).match(/\b(?:denoftpd|process)_[a-z_]+\b/g) ?? [];
    const families = named.map((name) => name.replace(/_(?:bucket|sum|count)$/, ""));
    assertEquals([file, families.filter((name) => !shown.has(name) && name !== "process_open_fds")], [file, []]);
  }
});
