/**
 * `--admin`: the control plane of a server, on a listener of its own.
 *
 * @module
 */

import { join, resolve } from "@std/path";
import { makeAccess } from "../../../admin/access.ts";
import { AdminApi } from "../../../admin/api.ts";
import { Audit } from "../../../admin/audit.ts";
import type { AdminBackend } from "../../../admin/backend.ts";
import { loginRoutes } from "../../../admin/login_routes.ts";
import { Logins } from "../../../admin/logins.ts";
import { consoleRoutes } from "../../../console/routes.ts";
import { HttpServer } from "../../../http/server.ts";
import { bracketed, isLoopback } from "../../../net/ip.ts";
import { messageOf } from "../../../net/message_of.ts";
import { type CertificateSource, isFor, type KeyPair } from "../../../tls/certificates.ts";
import type { AdminPlace } from "../../settings/place_kinds.ts";
import { CommandRefused, UsageError } from "../../usage_error.ts";
import { adminBackend, type RunParts } from "./backend.ts";
import { openUsers, refusalReports } from "./users.ts";

/** Bytes of a token: nobody guesses it. */
const TOKEN_BYTES = 32;

/** The open control plane. Disposing it closes its listener. */
export interface Admin extends AsyncDisposable {
  /** Answers requests from now on: until then they wait. */
  begin(): void;
  /** Uses the current certificate, the users that are in their file now, and a new audit file after a rotation. */
  renew(): Promise<void>;
}

/**
 * Opens the listener of `--admin`.
 *
 * @throws {CommandRefused} if it cannot be opened.
 */
export async function openAdmin(admin: AdminPlace, parts: RunParts): Promise<Admin> {
  const { settings, sources: { tls } } = parts;
  const backend = adminBackend(parts);
  const certificates = tls?.certificates;
  const { adminTokenFile, adminSocketMode } = settings;
  const pair = "path" in admin || isLoopback(admin.hostname) ? undefined : requirePair(certificates);
  const logins = new Logins({ secure: pair !== undefined });
  const token = "path" in admin ? undefined : writeToken(adminTokenFile, backend);
  const onRefused = refusalReports(backend);
  const access = makeAccess({
    isSocket: "path" in admin,
    token,
    logins,
    hosts: (name) => certificates?.pairs.some((pair) => isFor(pair, name)) ?? false,
    onRefused,
  });
  const users = openUsers(parts, backend, onRefused);
  const audit = await openAudit(parts, backend);
  const more = { ...loginRoutes(logins, users?.logins), ...consoleRoutes() };
  const api = new AdminApi({ backend, access, audit, more });
  const begun = Promise.withResolvers<void>();
  if ("path" in admin) await removeStale(admin.path);
  const server = await listen(admin, () =>
    HttpServer.listen({
      place: "path" in admin ? { ...admin, mode: parseInt(adminSocketMode, 8) } : admin,
      ...(pair && { certificate: pair }),
      onTooMany: (address) => onRefused("Too many connections", address),
      answer: async (request, { address }) => {
        await begun.promise;
        return await api.answer(request, address);
      },
    }));
  const where = "path" in admin
    ? `unix:${admin.path}`
    : `${pair ? "https" : "http"}://${bracketed(admin.hostname)}:${server.port}`;
  backend.report({ type: "notice", level: "info", message: `Administered at ${where}` });
  return {
    begin: () => {
      backend.watch.begin();
      begun.resolve();
    },
    renew: async () => {
      const [current] = certificates?.pairs ?? [];
      if (current) server.renew(current);
      users?.reload();
      await audit?.reopen().catch((error) => {
        const message = `Cannot open the audit again, which goes on in the file from before: ${messageOf(error)}`;
        backend.report({ type: "problem", level: "error", message });
      });
    },
    [Symbol.asyncDispose]: async () => {
      // A request that still waits is answered, so that its connection ends.
      begun.resolve();
      backend.watch[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      users?.[Symbol.dispose]();
      await audit?.[Symbol.asyncDispose]();
    },
  };
}

async function openAudit({ settings, identity }: RunParts, { report }: AdminBackend): Promise<Audit | undefined> {
  const { adminAudit, state } = settings;
  const path = adminAudit ?? (state === undefined ? undefined : join(state, "audit.jsonl"));
  if (path === undefined) {
    const message = "Changes made through --admin are only in the log: add --admin-audit FILE, or --state DIR";
    report({ type: "problem", level: "warning", message });
    return undefined;
  }
  try {
    const audit = await Audit.open(path, {
      onKept: ({ seq, hash, text }) =>
        report({ type: "notice", level: "info", message: `Audit ${seq}, ${text} (${hash})` }),
      onDamaged: (message) => report({ type: "problem", level: "warning", message }),
    });
    if (identity) Deno.chownSync(path, identity.uid, identity.gid);
    return audit;
  } catch (error) {
    const flag = adminAudit === undefined ? "--state" : "--admin-audit";
    throw new UsageError(`Flag "${flag}": cannot write the audit "${path}": ${messageOf(error)}`);
  }
}

/** Names and passwords do not travel in clear. */
function requirePair(certificates: CertificateSource | undefined): KeyPair {
  const [pair] = certificates?.pairs ?? [];
  if (pair) return pair;
  throw new UsageError('Flag "--admin": from other machines it needs TLS: add --tls-cert and --tls-key');
}

/** Returns the token. A new one at each start, so that one that has leaked is of no use for long. */
function writeToken(file: string | undefined, { report }: AdminBackend): string | undefined {
  if (file === undefined) return undefined;
  const token = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toHex();
  try {
    removeQuietly(file);
    // A new file, never one that somebody has put there, nor what a link leads to.
    Deno.writeTextFileSync(file, `${token}\n`, { createNew: true, mode: 0o600 });
  } catch (error) {
    throw new UsageError(`Flag "--admin-token-file": cannot write "${file}": ${messageOf(error)}`);
  }
  report({ type: "notice", level: "info", message: `The token for the admin interface is in "${resolve(file)}"` });
  return token;
}

/** A server that was killed leaves its socket, which would keep the next one from listening. */
async function removeStale(path: string): Promise<void> {
  try {
    if (!Deno.lstatSync(path).isSocket) {
      throw new UsageError(`Flag "--admin": "${path}" is there, and is not a socket`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch {
    return removeQuietly(path);
  }
  throw new CommandRefused(`Cannot be administered at "${path}": another server is`);
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function listen(place: AdminPlace, open: () => Promise<HttpServer>): Promise<HttpServer> {
  try {
    return await open();
  } catch (error) {
    const where = "path" in place ? place.path : `${bracketed(place.hostname)}:${place.port}`;
    throw new CommandRefused(`Cannot be administered at "${where}": ${messageOf(error)}`);
  }
}
