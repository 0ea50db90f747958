/**
 * `denoftpd share DIR`: one directory, one account with a random password, until Ctrl-C.
 *
 * @module
 */

import { MemoryAccounts } from "../../auth/accounts.ts";
import { hashPassword } from "../../auth/password.ts";
import type { NativeIo } from "../../native/native_io.ts";
import { bracketed, isUnspecified } from "../../net/ip.ts";
import { LineQueue } from "../../log/line_queue.ts";
import { startLog } from "../../log/log.ts";
import { FtpServer } from "../../server/server.ts";
import { fixedCertificates } from "../../tls/certificates.ts";
import { createTlsEndpoint, type TlsEndpoint } from "../../tls/tls.ts";
import { runCommand } from "../command.ts";
import { type CommandIo, writerOf } from "../io.ts";
import { giveUpPermissions } from "../permissions/excess.ts";
import { guardedRoots } from "../permissions/guarded.ts";
import { isGranted, requireGrants } from "../permissions/query.ts";
import { openNative, returningMemory } from "../serve/native.ts";
import { serverOptions } from "../serve/options.ts";
import { checkDirectory } from "../serve/roots.ts";
import type { ServeHooks } from "../serve/serve.ts";
import { cannotListen } from "../usage_error.ts";
import { ServerSignals } from "../serve/signals.ts";
import { randomPassword } from "../user/new_password.ts";
import { isExposed, readShareFlags, SHARE_USAGE, type ShareCommand, shareNeeds } from "./flags.ts";

/** Runs until a signal arrives. Resolves to the exit status: 0 ended, 1 cannot listen, 2 bad flags or directory. */
export async function runShare(args: readonly string[], io: CommandIo, hooks: ServeHooks = {}): Promise<number> {
  return await runCommand(args, io, {
    usage: SHARE_USAGE,
    action: async () => await share(readShareFlags(args), io, hooks),
  });
}

async function share(command: ShareCommand, io: CommandIo, hooks: ServeHooks): Promise<number> {
  const { account, directory, settings, writes } = command;
  requireGrants(shareNeeds(command));
  await checkDirectory("Directory to share", account);
  if (isExposed(command)) {
    io.stderr(`denoftpd: warning: Password and files are sent in clear to ${settings.host}: add --tls\n`);
  }
  const password = randomPassword();
  const accounts = new MemoryAccounts([{ ...account, passwordHash: await hashPassword(password) }]);
  using signals = new ServerSignals();
  await using lines = new LineQueue(io.log ?? writerOf(io.stderr), { onLost: () => {} });
  const log = startLog({ level: settings.logLevel, format: settings.logFormat, write: (line) => lines.write(line) });
  using native = await openNative(settings);
  using _memory = native && returningMemory(native);
  using endpoint = command.tls ? await selfSigned(settings.host, native) : undefined;
  await using server = new FtpServer({
    ...serverOptions(settings, accounts, { native }),
    ...(endpoint && { tls: { endpoint, login: "required", data: "required" } }),
  });
  using _log = server.events.on(log.listener, log.types);
  try {
    await server.bind();
  } catch (error) {
    throw cannotListen(error, settings);
  }
  if (hooks.ownsProcess && guardedRoots([account]).length === 0) giveUpPermissions({ write: writes });
  server.accept();
  signals.listen({ signal: hooks.signal, reload: () => {} });
  await lines.settle();
  const { port } = server.address;
  io.stdout(`ready ftp://${bracketed(server.address.hostname)}:${port}\n`);
  const urls = hostNames(settings.host).map((host) => `ftp://${account.name}:${password}@${bracketed(host)}:${port}/`);
  io.stdout(
    `Sharing ${directory} (${writes ? "read and write" : "read-only"}) until Ctrl-C:\n\n${
      urls.map((url) => `    ${command.tls ? `curl --ssl-reqd --insecure ${url}` : url}\n`).join("")
    }\n`,
  );
  hooks.onReady?.(server);
  await signals.first;
  const drained = server.shutdown({ grace: settings.grace });
  void signals.second.then(() => server.shutdown({ grace: 0 }));
  await drained;
  return 0;
}

async function selfSigned(host: string, native: NativeIo | undefined): Promise<TlsEndpoint> {
  const { createSelfSigned } = await import("../../tls/self_signed.ts");
  const pair = await createSelfSigned({ names: hostNames(host) });
  return await createTlsEndpoint(fixedCertificates(pair), { prepareListener: native?.prepareListener });
}

/** Where clients find a server on `host`: for every address, those of this machine, as far as Deno permits to ask. */
function hostNames(host: string): string[] {
  if (!isUnspecified(host)) return [host];
  if (!isGranted({ permission: { name: "sys", kind: "networkInterfaces" } })) return ["127.0.0.1"];
  const addresses = Deno.networkInterfaces()
    .filter(({ family, address }) => family === "IPv4" && address !== "127.0.0.1").map(({ address }) => address);
  return addresses.length === 0 ? ["127.0.0.1"] : addresses;
}
