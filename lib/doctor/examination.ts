/**
 * One examination: the server, what was found, and what the checks have in common.
 *
 * @module
 */

import { Client } from "../client/client.ts";
import { type LoggedIn, logIn } from "../client/connect.ts";
import type { DataMode } from "../client/data_connection.ts";
import type { ClientOptions } from "../client/options.ts";
import { printable } from "../client/names.ts";
import { type Finding, findingOf } from "./finding.ts";
import type { FindingId } from "./kinds.ts";

/** How the server under examination is reached. */
export interface ExaminedServer extends Omit<ClientOptions, "mode"> {
  /** Milliseconds that each step may take. */
  readonly timeout: number;
  /** Where files may be written. Default: where the login leads. */
  readonly directory?: string;
}

/** What checks share. A check finds nothing twice. */
export class Examination {
  readonly server: ExaminedServer;
  /** How data connections can be made; `undefined`: not at all. */
  dataMode: DataMode | undefined;
  /** A directory on the server that this examination has created and will remove. */
  scratch: string | undefined;
  /** Names in the scratch directory, in the order in which they were created. */
  readonly created: string[] = [];
  readonly #findings: Finding[] = [];

  constructor(server: ExaminedServer) {
    this.server = server;
  }

  /** In the order in which they were found. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Notes a finding. Text of the server cannot reach a terminal with control characters. */
  found(id: FindingId, seen: string): void {
    this.#findings.push(findingOf(id, printable(seen)));
  }

  /** Whether `id` was found. */
  has(id: FindingId): boolean {
    return this.#findings.some((finding) => finding.id === id);
  }

  /** A session whose commands the check sends itself. */
  logIn(extra: Partial<ClientOptions> = {}): Promise<LoggedIn> {
    return logIn({ ...this.server, ...extra });
  }

  /** A session for transfers, in the mode that works. */
  connect(extra: Partial<ClientOptions> = {}): Promise<Client> {
    return Client.connect({
      ...this.server,
      stallTimeout: this.server.timeout,
      ...(this.dataMode && { mode: this.dataMode }),
      ...extra,
    });
  }

  /** As {@link connect}, in the scratch directory. */
  async connectToScratch(): Promise<Client> {
    const client = await this.connect();
    await client.changeDirectory(this.scratch ?? "/");
    return client;
  }
}
