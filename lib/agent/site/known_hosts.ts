/**
 * Certificates that a person has accepted, as `known_hosts` of SSH has keys: trust on first use.
 *
 * @module
 */

import * as v from "valibot";
import { ClientError } from "../../client/errors.ts";
import type { ServerCertificate } from "../../client/trust.ts";
import { JsonFile } from "./json_file.ts";

const KNOWN_HOST = v.object({
  /** SHA-256 of the public key, in lower-case hex: it survives a renewal with the same key. */
  pin: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  subject: v.string(),
  /** The day on which it was accepted. */
  since: v.string(),
});
const SCHEMA = v.object({ hosts: v.record(v.string(), KNOWN_HOST) });

/** A certificate that was accepted. */
export type KnownHost = v.InferOutput<typeof KNOWN_HOST>;

/** Asks a person whether a certificate is right. Resolves to whether it is. */
export type AskAboutCertificate = (server: string, certificate: ServerCertificate, reason: string) => Promise<boolean>;

/** The accepted certificates of one user. */
export class KnownHosts {
  readonly #file: JsonFile<typeof SCHEMA>;
  /** Several connections to one server begin at once, and a person is asked about one thing at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param path of the file; it is read when it is needed first. */
  constructor(path: string) {
    this.#file = new JsonFile(path, SCHEMA, { hosts: {} });
  }

  /** What was accepted for `server` (`host:port`). */
  async find(server: string): Promise<KnownHost | undefined> {
    return (await this.#file.read()).hosts[server];
  }

  /** Accepts `certificate` for `server` from now on. */
  async remember(server: string, { pin, subject }: ServerCertificate): Promise<void> {
    const since = new Date().toISOString().slice(0, 10);
    await this.#file.update(({ hosts }) => ({ hosts: { ...hosts, [server]: { pin, subject, since } } }));
  }

  /** Forgets `server`. Resolves to whether it was known. */
  async forget(server: string): Promise<boolean> {
    if (!await this.find(server)) return false;
    await this.#file.update(({ hosts: { [server]: _gone, ...hosts } }) => ({ hosts }));
    return true;
  }

  /**
   * Whether a certificate that nothing else trusts is accepted: it was before, or `ask` says so now. Without `ask`,
   * only if it was.
   *
   * @throws {ClientError} `untrusted` if another key was accepted for this server, with both.
   */
  judge(server: string, certificate: ServerCertificate, reason: string, ask?: AskAboutCertificate): Promise<boolean> {
    const judging = this.#turn.then(() => this.#judge(server, certificate, reason, ask));
    this.#turn = judging.catch(() => {});
    return judging;
  }

  async #judge(
    server: string,
    certificate: ServerCertificate,
    reason: string,
    ask: AskAboutCertificate | undefined,
  ): Promise<boolean> {
    const known = await this.find(server);
    if (known?.pin === certificate.pin) return true;
    if (known) throw changed(server, known, certificate, this.#file.path);
    if (!await ask?.(server, certificate, reason)) return false;
    await this.remember(server, certificate);
    return true;
  }
}

function changed(server: string, known: KnownHost, { pin }: ServerCertificate, path: string): ClientError {
  return new ClientError(
    "untrusted",
    `The key of ${server} has changed since ${known.since}. It was ${known.pin} and is now ${pin}. ` +
      "Somebody may be between you and the server; if its operator confirms the new key, " +
      `remove "${server}" from ${path}`,
  );
}
