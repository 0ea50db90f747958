/**
 * A real server on a free port, with a memory file system, for tests that read as a conversation. The same conversation
 * runs over every variant of the control connection.
 *
 * @module
 */

import { createAccount } from "../../lib/auth/accounts.ts";
import type { Account } from "../../lib/auth/accounts.ts";
import type { Authenticator } from "../../lib/auth/authenticator.ts";
import type { EventType, ServerEvent } from "../../lib/events.ts";
import type { ServerOptions, TlsOptions } from "../../lib/options.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import type { Vfs } from "../../lib/vfs/vfs.ts";
import { HAS_NATIVE, nativeIo, WANTS_NATIVE } from "./native.ts";
import { protect, testEndpoint } from "./tls.ts";
import { waitFor } from "./wait_for.ts";
import { Wire } from "./wire.ts";

/** What a test may set: options of the server, fields of the account, the files at the start. */
export interface Setup {
  readonly options?: Partial<Omit<ServerOptions, "tls">>;
  /** Settings of TLS, where the variant has it. */
  readonly tls?: Partial<TlsOptions>;
  readonly account?: Partial<Account>;
  /** Path to content. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Makes what is there instead of {@link files}; called once for each variant. */
  readonly vfs?: () => Vfs | Promise<Vfs>;
  /** `false`: the test logs in by itself. */
  readonly login?: boolean;
}

/** What a conversation works with. */
export interface Stage {
  /** Greeted, and logged in as `demo` unless {@link Setup.login} says otherwise. */
  readonly ftp: Wire;
  readonly server: FtpServer;
  readonly files: MemoryVfs;
  /** Every event so far. */
  readonly events: readonly ServerEvent[];
  /** Another control connection, greeted. */
  connect(options?: { readonly hostname?: string }): Promise<Wire>;
  /** The first event, past or to come, of this type that `matches`. */
  event<T extends EventType>(
    type: T,
    matches?: (event: Extract<ServerEvent, { type: T }>) => boolean,
  ): Promise<Extract<ServerEvent, { type: T }>>;
}

/** How the control connection of a variant comes about. */
export interface Variant {
  readonly name: string;
  /** What the server needs for it besides a certificate; `undefined`: it has no TLS at all. */
  readonly tls: Partial<TlsOptions> | undefined;
  /** Connects and reads the greeting. */
  readonly connect: (server: FtpServer, options: { readonly hostname?: string }) => Promise<Wire>;
}

/** An address at which `server` can be reached from here. */
export function reachable(server: FtpServer): string {
  const { hostname } = server.address;
  if (hostname === "0.0.0.0") return "127.0.0.1";
  return hostname === "::" ? "::1" : hostname;
}

const plain: Variant = {
  name: "plain",
  tls: undefined,
  connect: async (server, { hostname }) => {
    const wire = await Wire.connect(server.address.port, { hostname: hostname ?? reachable(server) });
    await wire.expectReply(220);
    return wire;
  },
};

const explicitTls: Variant = {
  name: "explicit TLS",
  tls: {},
  connect: async (server, options) => {
    const wire = await plain.connect(server, options);
    await wire.startTls(protect);
    return wire;
  },
};

const implicitTls: Variant = {
  name: "implicit TLS",
  tls: { implicitPort: 0 },
  connect: async (server, { hostname = reachable(server) }) => {
    const port = server.implicitTlsAddress?.port ?? 0;
    const wire = await Wire.connect(port, { hostname, protect });
    await wire.expectReply(220);
    return wire;
  },
};

/** Every variant that {@link conversation} runs over. */
export const VARIANTS: readonly Variant[] = [plain, explicitTls, implicitTls];

/** Registers the conversation once for each variant. The name is the symbol and the claim. */
export function conversation(name: string, setup: Setup, talk: (stage: Stage) => Promise<void>): void {
  for (const variant of VARIANTS) {
    Deno.test(variant.name === "plain" ? name : `${name} (${variant.name})`, () => perform(variant, setup, talk));
  }
}

/** As {@link conversation}, for what makes sense only over a plain control connection. */
export function plainConversation(name: string, setup: Setup, talk: (stage: Stage) => Promise<void>): void {
  Deno.test(name, () => perform(plain, setup, talk));
}

/** As {@link plainConversation}, for what only a client with the C library can say: Linux alone runs it. */
export function nativeConversation(name: string, setup: Setup, talk: (stage: Stage) => Promise<void>): void {
  Deno.test({ name, ignore: !HAS_NATIVE, fn: () => perform(plain, setup, talk) });
}

/**
 * As {@link conversation}, for what is about TLS itself: it begins in clear, before AUTH, with a server that has a
 * certificate.
 */
export function tlsConversation(name: string, setup: Setup, talk: (stage: Stage) => Promise<void>): void {
  Deno.test(name, () => perform({ ...plain, tls: { implicitPort: 0 } }, setup, talk));
}

/** One for all conversations of the process: no test has a part in opening or closing it. */
const native = WANTS_NATIVE ? nativeIo() : undefined;

async function perform(variant: Variant, setup: Setup, talk: (stage: Stage) => Promise<void>): Promise<void> {
  const files = new MemoryVfs({ files: setup.files ?? {} });
  const vfs = await setup.vfs?.() ?? files;
  await using server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo", ...setup.account }),
    fileSystem: () => vfs,
    port: 0,
    failureDelay: 0,
    guessInterval: 0,
    ...(native && { dataEngine: native.dataEngine }),
    ...setup.options,
    ...(variant.tls && { tls: { endpoint: await testEndpoint(), ...variant.tls, ...setup.tls } }),
  });
  const events: ServerEvent[] = [];
  using _all = server.events.on((event) => events.push(event));
  server.listen();
  const wires: Wire[] = [];
  const connect = async (options: { readonly hostname?: string } = {}) => {
    const wire = await variant.connect(server, options);
    wires.push(wire);
    return wire;
  };
  try {
    const ftp = await connect();
    if (setup.login !== false) await ftp.login();
    await talk({
      ftp,
      server,
      files,
      events,
      connect,
      event: (type, matches) => waitFor({ stream: server.events, past: events }, type, matches),
    });
  } finally {
    for (const wire of wires) wire.close();
  }
}

/** Accounts whose passwords are their names; each may do everything unless its fields say otherwise. */
export function authenticatorOf(...accounts: (Partial<Account> & Pick<Account, "name">)[]): Authenticator {
  const { allow, overwrite } = parseAccess("rw");
  const known = new Map(accounts.map((fields) => {
    return [fields.name, createAccount({ rootPath: "/", rules: [{ path: "/", allow, overwrite }], ...fields })];
  }));
  return {
    authenticate: ({ name, password }) => {
      const account = known.get(name);
      return account && password === name
        ? { ok: true, account }
        : { ok: false, reason: account ? "password" : "unknown" };
    },
  };
}

/** Path rules from pairs of path and grant, such as `["/", "ro"]`. */
export function rulesOf(...pairs: (readonly [path: string, grant: string])[]): Account["rules"] {
  return pairs.map(([path, grant]) => ({ path, ...parseAccess(grant) }));
}
