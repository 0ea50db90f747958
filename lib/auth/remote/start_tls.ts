/**
 * StartTLS of LDAP (RFC 4511 section 4.14), on a connection of its own.
 *
 * Not that of ldapts 9.2: when such a connection breaks, it connects again without TLS, and sends the next password in
 * clear to whoever broke it.
 *
 * @module
 */

import { connect, type Socket } from "node:net";

/** The name of the request. */
const OID = new TextEncoder().encode("1.3.6.1.4.1.1466.20037");
/** Message 1, an extended request (77) with the name (80). */
const REQUEST = Uint8Array.from([0x30, 29, 0x02, 1, 1, 0x77, 24, 0x80, OID.length, ...OID]);
/** Tag and length of the extended response, which follow the number of the message. */
const RESPONSE = 0x78;
/** More than any answer has: its text for people is short. */
const MOST_BYTES = 4_096;

/** Where the server is, and how long it has, in milliseconds. */
export interface StartTlsOptions {
  readonly hostname: string;
  readonly port: number;
  readonly timeout: number;
}

/** A connection on which the server waits for the handshake. Rejects if it cannot be made, or the server refuses. */
export async function startTls({ hostname, port, timeout }: StartTlsOptions): Promise<Socket> {
  const socket = connect({ host: hostname, port });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let received = new Uint8Array();
  const hear = (chunk: Uint8Array) => {
    received = Uint8Array.from([...received, ...chunk]);
    try {
      if (isReady(received)) resolve();
    } catch (error) {
      reject(error);
    }
  };
  const lose = () => reject(new Error("The directory closed the connection before TLS"));
  const timer = setTimeout(() => reject(new Error("The directory does not answer about TLS")), timeout);
  socket.once("connect", () => socket.write(REQUEST)).once("error", reject).once("close", lose).on("data", hear);
  try {
    await promise;
    socket.off("error", reject).off("close", lose).off("data", hear).pause();
    return socket;
  } catch (error) {
    // What breaks afterwards does not matter.
    socket.on("error", () => {}).destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the answer is there. @throws {Error} for a refusal, and for anything that comes before TLS besides. */
function isReady(received: Uint8Array): boolean {
  const outer = lengthAt(received, 1);
  if (outer === undefined || received.length < outer.end + outer.length) {
    if (received.length > MOST_BYTES) throw new Error("The directory does not speak LDAP");
    return false;
  }
  // 30 length, 02 01 01: the number of the request, 78 length, 0a 01 code.
  const inner = outer.end + 3;
  const response = received[0] === 0x30 && received[inner] === RESPONSE ? lengthAt(received, inner + 1) : undefined;
  const code = response && received[response.end] === 0x0a ? received[response.end + 2] : undefined;
  if (code === undefined) throw new Error("The directory does not speak LDAP");
  if (code !== 0) throw new Error(`The directory refuses StartTLS: result code ${code} (RFC 4511)`);
  // It would be taken for something that came under TLS.
  if (received.length > outer.end + outer.length) {
    throw new Error("The directory sent something in clear after StartTLS");
  }
  return true;
}

/** A length in BER (RFC 4511 section 5.1), and where it ends; `undefined` where it is not all there. */
function lengthAt(bytes: Uint8Array, at: number): { readonly length: number; readonly end: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { length: first, end: at + 1 };
  const end = at + 1 + (first & 0x7f);
  if (bytes.length < end) return undefined;
  return { length: bytes.subarray(at + 1, end).reduce((length, byte) => length * 256 + byte, 0), end };
}
