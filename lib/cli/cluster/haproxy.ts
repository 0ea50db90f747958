/**
 * The configuration of HAProxy for several nodes: control connections to any of them, and each slice of passive ports
 * to the node that has it.
 *
 * @module
 */

import { familyOf } from "../../net/ip.ts";
import type { NodeSlice } from "../settings/cluster_rows.ts";

/** A node as the balancer reaches it. */
export interface BalancedNode extends NodeSlice {
  /** An IP address, IPv6 in brackets, or a name. */
  readonly address: string;
}

/** A port at the balancer, and the one at every node. */
export interface PortPair {
  readonly at: number;
  readonly of: number;
}

/** What a configuration is made of. */
export interface HaproxyPlan {
  /** At least one. */
  readonly nodes: readonly BalancedNode[];
  /** Where the balancer listens, as `bind` has it before the port: `*`, `[::]` or an address. */
  readonly bind: string;
  readonly control: PortPair;
  /** Absent: there is no port of implicit TLS. */
  readonly implicitTls: PortPair | undefined;
  /** The port of `--metrics` of every node. */
  readonly metrics: number;
  /** All sessions of a client's address go to the node that has had one of them lately. */
  readonly isSticky: boolean;
  /** The command line that has made it. */
  readonly madeBy: string;
}

/** The file. HAProxy 2.4 and later take it. */
export function haproxyConfig(plan: HaproxyPlan): string {
  const { nodes, control, implicitTls, madeBy } = plan;
  return `# ${madeBy}
#
# The nodes need: --node NAME, the same --node-slices, --proxy-from with the addresses of this machine, --metrics at an
# address that it reaches, and --drain-delay 6s. TLS ends at the nodes.

global
    log stdout format raw local0
    # Data goes from socket to socket through pipes (splice-request, splice-response; splice-auto of HAProxy 2.6 never
    # does it), or through buffers. With the sizes that HAProxy has by itself, 64 and 16 KiB, a transfer takes it four
    # times the processor time. Linux gives a user who is not root 64 pipes of this size, so the rest uses buffers.
    tune.bufsize 262144
    tune.pipesize 1048576
    maxpipes 60

defaults
    mode tcp
    log global
    option tcplog
    option dontlognull
    # A client that is gone without a word must not keep its places for a day.
    option clitcpka
    option srvtcpka
    timeout connect 5s
    timeout check 5s
    # A control connection says nothing while its transfer runs, which may take hours: the nodes end what is idle.
    timeout client 24h
    timeout server 24h
    # A data connection is half closed from the end of an upload to the end of its confirmation.
    timeout client-fin 10m
    timeout server-fin 10m
${nodes.some(isNamed) ? RESOLVERS : ""}
${listenControl("ftp", control, plan)}${implicitTls ? `\n${listenControl("ftps", implicitTls, plan)}` : ""}
${nodes.map((node) => listenSlice(node, plan)).join("\n")}`;
}

function listenControl(name: string, { at, of }: PortPair, { bind, nodes, metrics, isSticky }: HaproxyPlan): string {
  const servers = nodes.map(({ node, address }) => `    server ${node} ${address}:${of} check port ${metrics}\n`);
  return `listen ${name}
    bind ${bind}:${at}
    balance leastconn
${isSticky ? STICKY : ""}    # A node that shuts down says so first, and gets no new sessions; those that it has go on.
    option httpchk GET /readyz
    http-check expect status 200
    option redispatch 1
    default-server inter 2s fall 2 rise 2 send-proxy-v2${nodes.some(isNamed) ? RESOLVED : ""}
${servers.join("")}`;
}

/** The table has the addresses of IPv4 as well, and forgets the oldest when it is full: about 100 MB. */
const STICKY =
  `    # A TLS session is known to its node alone, and clients such as rclone offer one session on all of their connections.
    stick-table type ipv6 size 1m expire 12h
    stick on src
`;

/** Without a check: sessions of a node that is shutting down still open data connections. */
function listenSlice({ node, address, ports }: BalancedNode, { bind }: HaproxyPlan): string {
  return `listen slice-${node}
    bind ${bind}:${ports}
    option splice-request
    option splice-response
    server ${node} ${address} send-proxy-v2${isNamed({ address }) ? RESOLVED : ""}
`;
}

/** A container that was restarted has another address. HAProxy does not append the domains of resolv.conf to names. */
const RESOLVERS = `
resolvers system
    parse-resolv-conf
    hold valid 2s
`;
const RESOLVED = " resolvers system init-addr last,libc,none";

function isNamed({ address }: Pick<BalancedNode, "address">): boolean {
  return familyOf(address.replace(/^\[(.*)\]$/, "$1")) === undefined;
}
