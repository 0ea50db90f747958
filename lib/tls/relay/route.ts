/**
 * TLS through the runtime's own `Deno.listenTls`, which only serves connections that it accepted itself: one loopback
 * listener per certificate terminates TLS, and the bytes of each client are relayed to it and back. It works on every
 * runtime, at three sockets per connection.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { closeQuietly, type Connection, type PrepareListener, writeAll } from "../../net/connection.ts";
import type { CertificateSource, KeyPair } from "../certificates.ts";
import { type ClientHello, ClientHelloReader, HelloError, type ServerHello, ServerHelloReader } from "./hello.ts";
import { Gate } from "./gate.ts";
import { pipe } from "./pipe.ts";
import { RelayConnection } from "./connection.ts";
import { type SecureConnection, type SecureOptions, TlsError, type TlsRoute } from "../route.ts";
import { type TlsVersion, withinLimits } from "../route.ts";
import { Terminator } from "./terminator.ts";

/** A fatal alert "protocol_version" (RFC 8446 section 6.2), for a client that is too old. */
const ALERT_PROTOCOL_VERSION = new Uint8Array([21, 3, 3, 0, 2, 2, 70]);

/** The options of the endpoint that concern this route. */
interface RelayOptions {
  readonly minVersion: TlsVersion;
  readonly prepareListener: PrepareListener | undefined;
}

/** TLS through loopback listeners of the runtime: works on every runtime, at three sockets per connection. */
export class RelayRoute implements TlsRoute {
  readonly #certificates: CertificateSource;
  readonly #minVersion: TlsVersion;
  readonly #prepareListener: PrepareListener | undefined;
  readonly #terminators = new Map<KeyPair, Terminator>();

  constructor(certificates: CertificateSource, { minVersion, prepareListener }: RelayOptions) {
    this.#certificates = certificates;
    this.#minVersion = minVersion;
    this.#prepareListener = prepareListener;
  }

  async secure(connection: Connection, options: SecureOptions): Promise<SecureConnection> {
    const opened = new CloseGroup(connection);
    return await withinLimits(this.#handshake(connection, opened), options, () => opened.close());
  }

  [Symbol.dispose](): void {
    for (const terminator of this.#terminators.values()) terminator[Symbol.dispose]();
    this.#terminators.clear();
  }

  async #handshake(connection: Connection, opened: CloseGroup): Promise<SecureConnection> {
    const { hello, bytes } = await readClientHello(connection);
    if (this.#minVersion === "TLSv1.3" && !hello.offersTls13) {
      await writeAll(connection, ALERT_PROTOCOL_VERSION).catch(() => {});
      throw new TlsError("protocol", "TLS handshake failed: peer does not offer TLS 1.3");
    }
    const { local, accepted } = await this.#terminator(hello.serverName).connect();
    opened.add(local, accepted);
    await writeAll(local, bytes);
    const agreed = Promise.withResolvers<ServerHello>();
    const gate = new Gate(connection);
    const inward = carryIn(connection, local, quietGate(agreed.promise, gate));
    const outward = pipe(local, gate, serverHelloWatcher(agreed));
    // Nothing awaits these when the handshake is given up.
    for (const promise of [agreed.promise, inward, outward]) promise.catch(() => {});
    try {
      // Only the terminator knows whether a peer that has gone had finished: with a small upload the last handshake
      // message, the data, close_notify and FIN may all have arrived before the end of the handshake is noticed.
      await accepted.handshake();
    } catch (error) {
      gate.open();
      // Lets the alert with the reason reach the client before the sockets are closed.
      closeQuietly(accepted);
      await outward.catch(() => {});
      throw handshakeFailure(error);
    }
    const terms = await agreed.promise;
    return new RelayConnection({ client: connection, local, accepted, inward, outward, gate, hello, terms });
  }

  #terminator(serverName: string | undefined): Terminator {
    const pair = this.#certificates.select(serverName);
    this.#retire();
    let terminator = this.#terminators.get(pair);
    if (terminator === undefined) {
      terminator = new Terminator(pair, this.#prepareListener);
      this.#terminators.set(pair, terminator);
    }
    return terminator;
  }

  /** After a reload the old pairs need no listener; existing connections through one continue. */
  #retire(): void {
    for (const [pair, terminator] of this.#terminators) {
      if (this.#certificates.pairs.includes(pair)) continue;
      this.#terminators.delete(pair);
      terminator[Symbol.dispose]();
    }
  }
}

/** Everything a handshake has opened so far; anything added after the group was closed is closed at once. */
class CloseGroup {
  #members: { close(): void }[];
  #closed = false;

  constructor(...members: { close(): void }[]) {
    this.#members = members;
  }

  add(...members: { close(): void }[]): void {
    if (this.#closed) members.forEach(closeQuietly);
    else this.#members.push(...members);
  }

  close(): void {
    this.#closed = true;
    this.#members.forEach(closeQuietly);
    this.#members = [];
  }
}

async function readClientHello(connection: Connection): Promise<{ hello: ClientHello; bytes: Uint8Array }> {
  const reader = new ClientHelloReader();
  let buffer = new Uint8Array(2048);
  let length = 0;
  for (;;) {
    const count = await connection.read(buffer.subarray(length)).catch(() => null);
    if (count === null) throw peerLeft();
    const bytes = buffer.subarray(length, length += count);
    const hello = protocolChecked(() => reader.push(bytes));
    if (hello !== undefined) return { hello, bytes: buffer.subarray(0, length) };
    if (length < buffer.length) continue;
    const larger = new Uint8Array(length * 2);
    larger.set(buffer);
    buffer = larger;
  }
}

function protocolChecked<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof HelloError)) throw error;
    throw new TlsError("protocol", `TLS handshake failed: ${messageOf(error)}`, { cause: error });
  }
}

/** Watches the server's first bytes until the result of the handshake is known. */
function serverHelloWatcher(agreed: PromiseWithResolvers<ServerHello>): (bytes: Uint8Array) => void {
  let reader: ServerHelloReader | undefined = new ServerHelloReader();
  return (bytes) => {
    if (reader === undefined) return;
    try {
      const hello = reader.push(bytes);
      if (hello === undefined) return;
      agreed.resolve(hello);
    } catch (error) {
      agreed.reject(error);
    }
    reader = undefined;
  };
}

/**
 * Closes the gate when the client sends its last message of a TLS 1.3 handshake, the first after ServerHello: the
 * tickets that follow wait for the first reply, for the reason given in `SocketConnection`.
 */
function quietGate(agreed: Promise<ServerHello>, gate: Gate): () => void {
  let state: "hello" | "tls13" | "done" = "hello";
  agreed.then(({ protocol }) => state = protocol === "TLSv1.3" ? "tls13" : "done", () => {});
  return () => {
    if (state !== "tls13") return;
    gate.shut();
    state = "done";
  };
}

/** A {@link pipe} whose failure ends the target's stream, so that everything copied until then can still be read. */
async function carryIn(client: Connection, local: Deno.TcpConn, watch: () => void): Promise<void> {
  try {
    await pipe(client, local, watch);
  } catch (error) {
    await local.closeWrite().catch(() => closeQuietly(local));
    throw error;
  }
}

function peerLeft(cause?: unknown): TlsError {
  return new TlsError("closed", "Peer closed the connection during the TLS handshake", { cause });
}

function handshakeFailure(error: unknown): TlsError {
  if (error instanceof Deno.errors.UnexpectedEof) return peerLeft(error);
  const reason = error instanceof Deno.errors.InvalidData ? "protocol" : "closed";
  return new TlsError(reason, `TLS handshake failed: ${messageOf(error)}`, { cause: error });
}
