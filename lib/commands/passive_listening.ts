/**
 * The port of PASV and EPSV: what happens to it while no client connects, and what the log says about it.
 *
 * @module
 */

import type { DataConnector, ListenRequest, PassiveEnd, ProxyRules } from "../data/engine.ts";
import { PortsExhausted } from "../data/port_range.ts";
import { unmapped } from "../net/address_key.ts";
import type { CommandContext } from "./context.ts";

/** How often a port is reclaimed for one command: another session may take it first. */
const MOST_TRIES = 3;

/**
 * Listens on the address of the control port, for which the process has the permission; strangers are rejected by
 * their address. The previous choice is closed first, so that its port is free again. Returns the port, or `undefined`
 * if there is none.
 */
export function listen(context: CommandContext): Promise<number | undefined> | number | undefined {
  context.setConnector(undefined);
  const take = (port: DataConnector) => {
    context.setConnector(port);
    return port.port;
  };
  const request = requestFor(context);
  const instead = (error: unknown) =>
    listenInstead(context, request, error).then(take, (error) => report(context, error));
  try {
    const port = context.options.dataEngine.listen(request);
    return port instanceof Promise ? port.then(take, instead) : take(port);
  } catch (error) {
    return instead(error);
  }
}

function requestFor(context: CommandContext): ListenRequest {
  const { options, control } = context;
  const strangers: Strangers = { count: 0, first: "" };
  return {
    session: context,
    secure: context.security.protectData,
    hostname: options.host,
    peer: control.remote.hostname,
    allowForeignPeer: options.allowForeignDataPeer,
    timeout: options.dataTimeout,
    timers: options.eventLoop.timers,
    ...(options.passivePorts && { range: options.passivePorts }),
    ...(options.proxyFrom.length > 0 && { proxy: proxyRules(context) }),
    onStranger: (address) => {
      if (strangers.count++ === 0) strangers.first = unmapped(address);
      context.offended(unmapped(address), "dataPort");
    },
    onEnd: (end) => reportEnd(context, end, strangers),
    arrived: (connection) => context.security.protectData ? context.awaitHandshake(connection) : connection,
  };
}

function proxyRules(context: CommandContext): ProxyRules {
  const { proxyFrom, proxyHeaderTimeout } = context.options;
  return {
    networks: proxyFrom,
    timeout: proxyHeaderTimeout,
    onRefused: (balancer, fault) => {
      if (fault !== "closed") context.emit({ type: "proxyHeaderRefused", balancer, fault });
    },
  };
}

/** Connections to one port from addresses that may not connect. */
interface Strangers {
  count: number;
  first: string;
}

/** One line for all strangers of a port: there may be any number of them. */
function reportEnd(context: CommandContext, end: PassiveEnd, { count, first }: Strangers): void {
  if (count > 0) {
    const what = count === 1 ? "a data connection" : `${count} data connections, the first`;
    context.emit({ type: "problem", level: "warning", message: `Rejected ${what} from ${first}` });
  }
  if (end === "expired") {
    context.emit({
      type: "notice",
      level: "debug",
      message: "Released a passive port that no client had connected to",
    });
  }
}

/**
 * If all ports of a range are taken, reclaims one that no client has connected to. Rejects with `error` if there is no
 * such port.
 */
async function listenInstead(context: CommandContext, request: ListenRequest, error: unknown): Promise<DataConnector> {
  const { range, peer, allowForeignPeer = false } = request;
  for (let tries = 0; range && error instanceof PortsExhausted && tries < MOST_TRIES; tries++) {
    const victim = range.unused.dispensableFor({ address: peer, trustsAll: allowForeignPeer });
    if (!victim) break;
    const message = `All passive ports are in use: reclaimed ${victim.port}, which no client had connected to`;
    context.emit({ type: "problem", level: "warning", message });
    try {
      return await victim.replace(request);
    } catch (again) {
      error = again;
    }
  }
  throw error;
}

/** The system may have no socket to give (EMFILE): to the client that is the same as an exhausted range. */
function report(context: CommandContext, error: unknown): undefined {
  if (error instanceof PortsExhausted) context.options.meter?.passiveExhausted();
  const problem = error instanceof PortsExhausted
    ? { level: "warning", message: error.message } as const
    : { level: "error", message: "Cannot listen for a data connection", error } as const;
  context.emit({ type: "problem", ...problem });
}
