/**
 * TLS of `serve`: certificates from files or newly created, and the endpoint that uses them.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import type { EventStream } from "../../events.ts";
import type { NativeIo } from "../../native/native_io.ts";
import { DEFAULT_TLS } from "../../options/defaults.ts";
import type { TlsOptions } from "../../options.ts";
import { type CertificateSource, fixedCertificates, type KeyPair } from "../../tls/certificates.ts";
import { CertificateStore } from "../../tls/certificate_store.ts";
import { daysLeft } from "../../tls/days_left.ts";
import { createTlsEndpoint, type TlsEndpoint } from "../../tls/tls.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** A certificate that expires within this many days causes a warning. */
const FEW_DAYS = 14;

/** TLS as the server needs it; disposing it ends the endpoint and stops watching the files. */
export interface ServeTls extends AsyncDisposable {
  readonly options: TlsOptions;
  readonly certificates: CertificateSource;
  /** Reads the certificates again. */
  reload(): Promise<unknown>;
}

/**
 * TLS according to the settings; `undefined` without a certificate. `onChange` is called when there are new
 * certificates.
 *
 * @throws {UsageError} naming the flag or the file.
 */
export async function openTls(
  settings: Settings,
  events: EventStream,
  { onChange, native }: { readonly onChange: () => void; readonly native: NativeIo | undefined },
): Promise<ServeTls | undefined> {
  const certificates = await openCertificates(settings, events, onChange);
  if (!certificates) {
    requireNoTlsFlags(settings);
    return undefined;
  }
  tellDaysLeft(certificates.pairs, events);
  const endpoint = await makeEndpoint(settings, certificates, native);
  if (settings.tlsSessionReuse === "require" && endpoint.route === "relay") {
    endpoint[Symbol.dispose]();
    throw new UsageError(
      'Flag "--tls-session-reuse" cannot be "require" on this runtime: it would refuse well-behaved clients',
    );
  }
  events.emit({ type: "notice", level: "debug", message: `TLS takes the ${endpoint.route} route` });
  return {
    options: tlsOptions(settings, endpoint),
    certificates,
    reload: () => certificates instanceof CertificateStore ? certificates.reload() : Promise.resolve(),
    [Symbol.asyncDispose]: async () => {
      endpoint[Symbol.dispose]();
      if (certificates instanceof CertificateStore) await certificates[Symbol.asyncDispose]();
    },
  };
}

/** The TLS endpoint according to the settings. */
export function makeEndpoint(
  { tlsMinVersion }: Settings,
  certificates: CertificateSource,
  native: NativeIo | undefined,
): Promise<TlsEndpoint> {
  return createTlsEndpoint(certificates, { minVersion: tlsMinVersion, prepareListener: native?.prepareListener });
}

/** The TLS options from the settings. */
export function tlsOptions(settings: Settings, endpoint: TlsEndpoint): TlsOptions {
  const login = settings.tls ?? DEFAULT_TLS.login;
  return {
    endpoint,
    login,
    // An administrator who requires TLS does not mean only the passwords.
    data: settings.tlsData ?? (login === "required" ? "required" : DEFAULT_TLS.data),
    sessionReuse: settings.tlsSessionReuse,
    strictClose: settings.tlsStrictClose,
    ...(settings.implicitTlsPort !== undefined && { implicitPort: settings.implicitTlsPort }),
  };
}

async function openCertificates(
  settings: Settings,
  events: EventStream,
  onChange: () => void,
): Promise<CertificateSource | undefined> {
  const { tlsCert = [], tlsKey = [], tlsSelfSigned } = settings;
  if (tlsCert.length !== tlsKey.length) {
    throw new UsageError('Flags "--tls-cert" and "--tls-key" must name the same number of files');
  }
  if (tlsSelfSigned) {
    if (tlsCert.length > 0) throw new UsageError('Flags "--tls-self-signed" and "--tls-cert" cannot be combined');
    const { createSelfSigned } = await import("../../tls/self_signed.ts");
    return fixedCertificates(await createSelfSigned());
  }
  if (tlsCert.length === 0) return undefined;
  const files = tlsCert.map((certificateFile, index) => ({ certificateFile, privateKeyFile: tlsKey[index] ?? "" }));
  let store;
  try {
    store = await CertificateStore.open(files, {
      onReload: (pairs) => {
        onChange();
        tellDaysLeft(pairs, events);
      },
      onRefused: (message) =>
        events.emit({
          type: "problem",
          level: "error",
          message: `New certificates rejected; keeping the current ones: ${message}`,
        }),
    });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
  const problem = store.pairs.map((pair, index) => validityProblem(pair, tlsCert[index] ?? "")).find((each) => each);
  if (problem === undefined) return store;
  await store[Symbol.asyncDispose]();
  throw new UsageError(problem);
}

/** Every client would refuse it, which looks like a fault of the client. */
function validityProblem({ notBefore, notAfter }: KeyPair, file: string, now = new Date()): string | undefined {
  if (now >= notAfter) return `Certificate "${file}" expired on ${dayOf(notAfter)}: renew it`;
  if (now >= notBefore) return undefined;
  return `Certificate "${file}" is not valid before ${dayOf(notBefore)}: check the clock, or name another certificate`;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** A setting for TLS without a certificate must not be ignored silently. */
function requireNoTlsFlags({ tls, tlsData, implicitTlsPort }: Settings): void {
  const flag = tls === "required" || tls === "optional"
    ? "--tls"
    : tlsData === "required"
    ? "--tls-data"
    : implicitTlsPort !== undefined
    ? "--implicit-tls-port"
    : undefined;
  if (flag) throw new UsageError(`Flag "${flag}" needs a certificate: --tls-cert and --tls-key, or --tls-self-signed`);
}

function tellDaysLeft(pairs: readonly KeyPair[], events: EventStream): void {
  for (const pair of pairs) {
    const days = daysLeft(pair);
    const name = `Certificate for ${pair.names.join(", ") || "no name"}`;
    const until = dayOf(pair.notAfter);
    if (days >= FEW_DAYS) {
      events.emit({ type: "notice", level: "info", message: `${name}: ${days} days left, until ${until}` });
    } else {
      const state = days < 0 ? `expired on ${until}` : `${days} days left, until ${until}`;
      const message = `${name}: ${state}; renew it: new files are taken without a restart`;
      events.emit({ type: "problem", level: "warning", message });
    }
  }
}
