/**
 * Accounts by LDAP: the directory knows the passwords, and the configuration says what an account may do.
 *
 * @module
 */

import { connect } from "node:tls";
import { Client, InvalidCredentialsError, NoSuchObjectError } from "ldapts";
import type { LoginAttempt } from "../authenticator.ts";
import { accountFrom } from "./account.ts";
import { familyOf } from "../../net/ip.ts";
import { type Backend, type BackendAnswer, BackendDown } from "./backend.ts";
import { startTls } from "./start_tls.ts";

/** How a directory is asked. */
export interface LdapOptions {
  /** `ldaps:`, or `ldap:` of this machine or with {@link startTls}. */
  readonly url: string;
  /**
   * Asks for TLS on a connection of `ldap:` before anything else; without it nobody is asked.
   *
   * @default false
   */
  readonly startTls?: boolean | undefined;
  /** Certificates in PEM that are trusted instead of those of the system. */
  readonly ca?: string | undefined;
  /** Below it people are looked for. */
  readonly base: string;
  /** Finds a person, such as `(uid=%u)`: `%u` is the name that logs in, escaped. */
  readonly filter: string;
  /** Who looks for people; absent: anyone may. */
  readonly bindDn?: string | undefined;
  readonly bindPassword?: string | undefined;
  /** The account, as in the accounts file; `%u` in a root is the name. */
  readonly account: Readonly<Record<string, unknown>>;
}

/** Milliseconds to connect, and for each answer. */
const TIMEOUT = 4_000;
const LDAP_PORT = 389;

/** Looks for the person, then binds as that person with the password. Referrals to other servers are not followed. */
export class LdapBackend implements Backend {
  readonly name: string;
  readonly #options: LdapOptions;

  constructor(options: LdapOptions) {
    this.#options = options;
    this.name = `"${options.url}"`;
  }

  async ask({ name, password }: LoginAttempt): Promise<BackendAnswer> {
    // A bind without a password is an anonymous one, and succeeds (RFC 4513 section 5.1.2).
    if (password === "") return "wrong";
    const { account } = this.#options;
    const client = await this.#connect();
    try {
      const person = await this.#find(client, name);
      if (person === undefined) return "unknown";
      if (!await accepts(client, person, password)) return "wrong";
    } finally {
      // What is left of a connection that failed does not matter.
      await client.unbind().catch(() => {});
    }
    return accountFrom(account, { name, source: this.name });
  }

  async #connect(): Promise<Client> {
    const { url, ca, startTls: isUpgraded = false } = this.#options;
    const trust = ca === undefined ? {} : { ca };
    const timeouts = { timeout: TIMEOUT, connectTimeout: TIMEOUT };
    if (!isUpgraded) return new Client({ url, ...(url.startsWith("ldaps:") && { tlsOptions: trust }), ...timeouts });
    const { hostname: host, port } = new URL(url);
    const hostname = host.replace(/^\[|\]$/g, "");
    const sockets = [await startTls({ hostname, port: Number(port) || LDAP_PORT, timeout: TIMEOUT })];
    return new Client({
      // To the library it is one that begins with TLS, so that it never speaks in clear.
      url: url.replace(/^ldap:/, "ldaps:"),
      createSecureConnection: () => {
        const socket = sockets.pop();
        if (!socket) throw new BackendDown(`${this.name} closed the connection`);
        return connect({
          socket,
          host: hostname,
          ...(familyOf(hostname) === undefined && { servername: hostname }),
          ...trust,
        });
      },
      ...timeouts,
    });
  }

  /** The name of the one entry that the filter finds; `undefined` if there is none. */
  async #find(client: Client, name: string): Promise<string | undefined> {
    const { base, filter, bindDn, bindPassword } = this.#options;
    if (bindDn !== undefined) await client.bind(bindDn, bindPassword ?? "");
    const found = await this.#search(client, base, filter.replaceAll("%u", () => escapeFilter(name)));
    if (found.length > 1) throw new BackendDown(`${this.name} has several entries for one name`);
    return found[0];
  }

  async #search(client: Client, base: string, filter: string): Promise<string[]> {
    try {
      const { searchEntries } = await client.search(base, { scope: "sub", filter, attributes: ["1.1"], sizeLimit: 2 });
      return searchEntries.map(({ dn }) => dn);
    } catch (error) {
      if (error instanceof NoSuchObjectError) return [];
      throw error;
    }
  }
}

async function accepts(client: Client, person: string, password: string): Promise<boolean> {
  try {
    await client.bind(person, password);
    return true;
  } catch (error) {
    if (error instanceof InvalidCredentialsError) return false;
    throw error;
  }
}

/** `value` inside of a filter (RFC 4515 section 3): what could end it or match more than it says is escaped. */
export function escapeFilter(value: string): string {
  return Array.from(new TextEncoder().encode(value), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._@-]/.test(character) ? character : `\\${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}
