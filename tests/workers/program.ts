/**
 * The module of the workers that pool tests start: a server for accounts whose passwords are their names.
 *
 * @module
 */

import type { Account } from "../../lib/auth/accounts.ts";
import { PortRange } from "../../lib/data/port_range.ts";
import type { BeforeHook } from "../../lib/options.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { workerScope } from "../../lib/threads/scope.ts";
import { runWorker } from "../../lib/workers/worker.ts";
import { authenticatorOf } from "../helpers/server.ts";

/** What the workers are told for good. */
export interface TestSetup {
  readonly root: string;
  readonly maxSessions?: number;
  readonly maxSessionsPerIp?: number;
  readonly maxStrangersPerIp?: number;
  /** Default 0. */
  readonly guessInterval?: number;
  readonly banAfter?: number;
  readonly banTime?: number;
  /** First and last port for passive data connections. */
  readonly ports?: readonly [number, number];
  /** `HELP HANG` and `HELP HANG AND DIE` keep the event loop of the worker until the first word is not 0. */
  readonly gate?: Int32Array<SharedArrayBuffer>;
  /** They die before they listen. */
  readonly stillborn?: boolean;
}

/** What the workers are told again and again: fields of the account `demo`. */
export type TestState = Partial<Account>;

/** `HELP DIE` is the end of the worker. */
function deadly(gate: Int32Array<SharedArrayBuffer> | undefined): BeforeHook {
  return ({ verb, argument = "" }) => {
    if (verb !== "HELP") return undefined;
    if (gate && argument.startsWith("HANG")) {
      Atomics.add(gate, 1, 1);
      Atomics.notify(gate, 1);
      Atomics.wait(gate, 0, 0);
    }
    if (argument.endsWith("DIE")) {
      queueMicrotask(() => {
        throw new Error("Asked to die");
      });
    }
    return undefined;
  };
}

const scope = workerScope();
if (scope) {
  runWorker(scope, ({ setup, state, addresses, sharedState }) => {
    const { root, ports, stillborn, gate, guessInterval = 0, ...limits } = setup as TestSetup;
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
      ...(ports && { passivePorts: new PortRange(...ports) }),
      before: deadly(gate),
      sharedState,
    });
    return {
      server,
      update: (state) => accounts = authenticatorOf({ name: "demo", rootPath: root, ...state as TestState }),
    };
  });
}
