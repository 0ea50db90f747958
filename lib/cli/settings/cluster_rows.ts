/**
 * The settings of a server that is one of several: its name, which passive ports are whose, and where they count
 * together.
 *
 * @module
 */

import * as v from "valibot";
import { parsePortRange, type PortRange } from "../../data/port_range.ts";
import { UsageError } from "../usage_error.ts";
import { redisAddress } from "./backend_kinds.ts";
import { type Kind, nonEmpty, oneOf, someNetworks, text, textual } from "./kinds.ts";
import { option, setting } from "./row.ts";

/**
 * Fewer are refused: a port is taken from PASV until the client has connected, and a handful of clients far away would
 * hold them all.
 */
const LEAST_PORTS = 10;

/** The passive ports of one node: the balancer sends what arrives at them to this node, and to no other. */
export interface NodeSlice {
  readonly node: string;
  readonly ports: PortRange;
}

/** Without a full stop, which ends the node's name in the ids of sessions. Pods have names with hyphens. */
const NODE = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

const nodeName: Kind<string> = textual(v.pipe(
  nonEmpty,
  v.regex(NODE, "must be a name of up to 63 letters, digits, hyphens and underscores, such as node1"),
));

/** `NAME=A-B`, separated by commas. */
export const nodeSlices: Kind<readonly NodeSlice[]> = textual(
  v.pipe(
    nonEmpty,
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): readonly NodeSlice[] => {
      try {
        return parseSlices(value);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        addIssue({ message: error.message });
        return NEVER;
      }
    }),
  ),
  (slices) => slices.map(({ node, ports }) => `${node}=${ports}`).join(","),
);

/** In the order of `--help`. */
export const CLUSTER_ROWS = [
  setting(
    "node",
    "NAME",
    "name of this server among several behind a balancer; ids of sessions begin with it",
    nodeName,
  ),
  setting(
    "nodeSlices",
    "NAME=A-B[,…]",
    "the passive ports of every node, the same list on all of them; instead of --passive-ports",
    nodeSlices,
  ),
  option(
    "proxyFrom",
    "NETS",
    "CIDR networks of balancers: their connections must begin with a PROXY header, which says whose they are",
    someNetworks,
  ),
  setting(
    "cluster",
    "URL",
    "count limits and bans together with all servers that name this Redis: redis://[USER:PASSWORD@]HOST:PORT[/DB]",
    redisAddress,
  ),
  setting("clusterPasswordFile", "FILE", "file with the password for --cluster, instead of one in the URL", text),
  setting(
    "clusterCaFile",
    "FILE",
    "PEM file with the authorities that --cluster rediss://… trusts, and no others",
    text,
  ),
  setting(
    "clusterOnLoss",
    "HOW",
    "while Redis is lost: continue, each server with its share of the limits, or refuse new connections",
    oneOf("continue", "refuse"),
    "continue",
  ),
] as const;

/** @throws {RangeError} with a message that completes "The value …". */
function parseSlices(text: string): readonly NodeSlice[] {
  const slices = text.split(",").map(parseSlice);
  const byPort = slices.toSorted((one, other) => one.ports.first - other.ports.first);
  for (const [index, { node, ports }] of byPort.entries()) {
    const before = byPort[index - 1];
    if (before !== undefined && before.ports.last >= ports.first) {
      throw new RangeError(
        `must not give a port to two nodes, as ${before.node}=${before.ports} and ${node}=${ports} do`,
      );
    }
  }
  const names = slices.map(({ node }) => node);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RangeError(`must have one slice for each node, and has two for "${twice}"`);
  return slices;
}

function parseSlice(item: string): NodeSlice {
  const [, node = "", range = ""] = /^([^=]*)=(\d{1,5}-\d{1,5})$/.exec(item) ?? [];
  if (!NODE.test(node)) throw new RangeError('must look like "node1=50000-50199,node2=50200-50399"');
  const ports = rangeOf(range);
  if (ports === undefined) throw new RangeError(`must have ascending ranges within 1 to 65535, which ${item} is not`);
  if (ports.size < LEAST_PORTS) {
    throw new RangeError(`must give each node ${LEAST_PORTS} ports or more, and ${item} has ${ports.size}`);
  }
  return { node, ports };
}

function rangeOf(text: string): PortRange | undefined {
  try {
    return parsePortRange(text);
  } catch {
    return undefined;
  }
}

/** What {@link passivePortsOf} decides from. */
export interface NodeSettings {
  readonly node?: string;
  readonly nodeSlices?: readonly NodeSlice[];
  readonly passivePorts?: PortRange;
}

/** The passive ports: those of the node's slice, where there are slices. @throws {UsageError} naming the flag. */
export function passivePortsOf({ node, nodeSlices, passivePorts }: NodeSettings): Pick<NodeSettings, "passivePorts"> {
  if (nodeSlices === undefined) return passivePorts === undefined ? {} : { passivePorts };
  if (passivePorts !== undefined) {
    throw new UsageError('Flag "--node-slices" cannot be combined with "--passive-ports": leave one of them out');
  }
  const names = nodeSlices.map(({ node }) => node).join(", ");
  if (node === undefined) throw new UsageError(`Flag "--node-slices" needs "--node NAME", one of ${names}`);
  const own = nodeSlices.find((slice) => slice.node === node);
  if (own !== undefined) return { passivePorts: own.ports };
  throw new UsageError(`Flag "--node": "${node}" has no slice in "--node-slices", which has ${names}`);
}
