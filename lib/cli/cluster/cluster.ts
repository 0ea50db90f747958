/**
 * `denoftpd cluster`: what an operator of several nodes needs besides them.
 *
 * @module
 */

import { bracketed, familyOf } from "../../net/ip.ts";
import { runCommand } from "../command.ts";
import { type Flag, flagLines, readFlags } from "../flags.ts";
import type { CommandIo } from "../io.ts";
import { type NodeSlice, nodeSlices } from "../settings/cluster_rows.ts";
import { parseFrom, portNumber } from "../settings/kinds.ts";
import { UsageError } from "../usage_error.ts";
import { type BalancedNode, haproxyConfig } from "./haproxy.ts";

/** The actions of `denoftpd cluster`. */
export const CLUSTER_ACTIONS = ["haproxy"] as const;

/** The flags of `denoftpd cluster haproxy`. */
export const CLUSTER_FLAGS = [
  { name: "nodes", value: "NAME=ADDR[,…]", help: "where the balancer reaches each node: an IP address or a name" },
  { name: "node-slices", value: "NAME=A-B[,…]", help: "the passive ports of every node, as serve has them" },
  { name: "bind", value: "ADDR", help: "IP address at which the balancer listens", fallback: "*" },
  { name: "public-port", value: "N", help: "control port of the balancer", fallback: "21" },
  { name: "port", value: "N", help: "control port of the nodes", fallback: "2121" },
  { name: "public-implicit-tls-port", value: "N", help: "the balancer's port of implicit TLS", fallback: "990" },
  { name: "implicit-tls-port", value: "N", help: "the nodes' port of implicit TLS (default: there is none)" },
  { name: "metrics", value: "N", help: "port of --metrics at the nodes, for /readyz", fallback: "9273" },
  { name: "sticky", help: "all sessions of an address at one node: for --tls-session-reuse require" },
] as const satisfies readonly Flag[];

/** The output of `denoftpd cluster --help`. */
export const CLUSTER_USAGE = `Usage: denoftpd cluster haproxy --nodes NAME=ADDR[,…] --node-slices NAME=A-B[,…] [flags]

Prints a configuration of HAProxy for several servers: it shares out control connections, sends each data connection to
the server whose port it is for, and lets no new session begin at one that shuts down. docs/scale-out.md has the rest.

${flagLines(CLUSTER_FLAGS)}`;

/** Runs `denoftpd cluster`, resolves to its exit status: 0 printed, 2 a wrong command line. */
export async function runCluster(args: readonly string[], io: CommandIo): Promise<number> {
  return await runCommand(args, io, {
    usage: CLUSTER_USAGE,
    action: () => {
      const [action, ...rest] = args;
      if (action !== "haproxy") throw new UsageError('Say what to print: "denoftpd cluster haproxy"');
      io.stdout(haproxyFrom(rest));
      return Promise.resolve(0);
    },
  });
}

/** @throws {UsageError} naming the flag. */
function haproxyFrom(args: readonly string[]): string {
  const given = readFlags(args, { command: "cluster", flags: CLUSTER_FLAGS });
  const text = (name: Exclude<typeof CLUSTER_FLAGS[number]["name"], "sticky">): string => {
    const value = given.text(name) ?? fallbackOf(name);
    if (value === undefined) throw new UsageError(`Flag "--${name}" is missing`);
    return value;
  };
  const port = (name: "public-port" | "port" | "public-implicit-tls-port" | "implicit-tls-port" | "metrics"): number =>
    parseFrom(`Flag "--${name}"`, text(name), portNumber);
  const slices = parseFrom('Flag "--node-slices"', text("node-slices"), nodeSlices);
  const bind = text("bind");
  if (bind !== "*" && familyOf(bind) === undefined) {
    throw new UsageError(`Flag "--bind" must be an IP address, or * for all of this machine, not "${bind}"`);
  }
  return haproxyConfig({
    nodes: nodesFrom(text("nodes"), slices),
    bind: bracketed(bind),
    control: { at: port("public-port"), of: port("port") },
    implicitTls: given.text("implicit-tls-port") === undefined
      ? undefined
      : { at: port("public-implicit-tls-port"), of: port("implicit-tls-port") },
    metrics: port("metrics"),
    isSticky: given.isOn("sticky"),
    madeBy: ["denoftpd cluster haproxy", ...args.map(shown)].join(" "),
  });
}

function fallbackOf(name: string): string | undefined {
  const flag: Flag | undefined = CLUSTER_FLAGS.find((each) => each.name === name);
  return flag?.fallback;
}

/** @throws {UsageError} about a node without a slice, or a slice without a node. */
function nodesFrom(text: string, slices: readonly NodeSlice[]): readonly BalancedNode[] {
  const addresses = new Map(
    text.split(",").map((item) => {
      const [, node = "", address = ""] = /^([^=]+)=(.+)$/.exec(item) ?? [];
      if (!isHost(address)) {
        throw new UsageError(`Flag "--nodes" must look like "node1=10.0.0.11,node2=10.0.0.12", not "${text}"`);
      }
      return [node, bracketed(address)];
    }),
  );
  const unknown = [...addresses.keys()].find((node) => slices.every((slice) => slice.node !== node));
  if (unknown !== undefined) throw new UsageError(`Flag "--nodes": "${unknown}" has no slice in "--node-slices"`);
  return slices.map(({ node, ports }) => {
    const address = addresses.get(node);
    if (address === undefined) throw new UsageError(`Flag "--nodes" has no address of "${node}" in "--node-slices"`);
    return { node, ports, address };
  });
}

function isHost(text: string): boolean {
  return familyOf(text) !== undefined || /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text);
}

/** As a shell takes it, for all that the flags let through; nothing can end the comment that it is in. */
function shown(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replace(/[^\x20-\x7e]|'/g, "?")}'`;
}
