/**
 * The module of the workers that pool tests start: a server for accounts whose passwords are their names.
 *
 * @module
 */

import type { Account } from "../../lib/auth/accounts.ts";
import { PortRange } from "../../lib/data/port_range.ts";
import type { BeforeHook, ServerOptions } from "../../lib/options.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { workerScope } from "../../lib/threads/scope.ts";
import { runWorker } from "../../lib/workers/worker.ts";
import { authenticatorOf } from "../helpers/server.ts";

/** What the workers are told for good. */
export interface TestSetup {
  readonly root: string;
  readonly maxSessions?: number;
  readonly maxSessionsPerAddress?: number;
  readonly maxStrangersPerAddress?: number;
  /** Default 0. */
  readonly guessInterval?: number;
  readonly ban?: NonNullable<ServerOptions["ban"]>;
  /** First and last port for passive data connections. */
  readonly ports?: readonly [number, number];
  /** They die before they listen. */
  readonly stillborn?: boolean;
}

/** What the workers are told again and again: fields of the account `demo`. */
export type TestState = Partial<Account>;

/** `HELP DIE` is the end of the worker. */
const deadly: BeforeHook = ({ verb, argument }) => {
  if (verb === "HELP" && argument === "DIE") {
    queueMicrotask(() => {
      throw new Error("Asked to die");
    });
  }
  return undefined;
};

const scope = workerScope();
if (scope) {
  runWorker(scope, ({ setup, state, addresses, makeSharedState }) => {
    const { root, ports, stillborn, guessInterval = 0, ...limits } = setup as TestSetup;
    if (stillborn) throw new Error("Born dead");
    let accounts = authenticatorOf({ name: "demo", rootPath: root, ...state as TestState });
    const server = new FtpServer({
      authenticator: { authenticate: (attempt) => accounts.authenticate(attempt) },
      fileSystem: ({ rootPath }) => openDisk(rootPath),
      port: addresses?.control.port ?? 0,
      reusePort: true,
      failureDelay: 0,
      guessInterval,
      ...limits,
      ...(ports && { passive: { ports: new PortRange(...ports) } }),
      before: deadly,
    }, makeSharedState);
    return {
      server,
      update: (state) => accounts = authenticatorOf({ name: "demo", rootPath: root, ...state as TestState }),
    };
  });
}
