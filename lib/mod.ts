/**
 * An FTP server to embed. Who may log in and where files come from is up to you, the rest has defaults. To test against
 * a server, see `@denoftpd/denoftpd/fixture`; for drivers, `@denoftpd/denoftpd/vfs`.
 *
 * @example A server in a program of yours
 * ```ts
 * import {
 *   createAccount,
 *   FtpServer,
 *   hashPassword,
 *   MemoryAccounts,
 *   MemoryVfs,
 *   parseAccess,
 *   PasswordAuthenticator,
 * } from "@denoftpd/denoftpd";
 *
 * const alice = createAccount({
 *   name: "alice",
 *   passwordHash: await hashPassword("secret"),
 *   rootPath: "/srv/alice",
 *   rules: [{ path: "/", ...parseAccess("rw") }],
 * });
 * const files = new MemoryVfs({ files: { "/hello.txt": "Hello" } });
 * await using server = new FtpServer({
 *   authenticator: new PasswordAuthenticator(new MemoryAccounts([alice])),
 *   fileSystem: () => files,
 *   port: 0,
 * });
 * server.listen();
 * console.log(`ftp://127.0.0.1:${server.address.port}`);
 * ```
 *
 * @module
 */

export {
  FtpServer,
  type ServerControl,
  type SessionInfo,
  type ShutdownOptions,
  type TransferInfo,
  type TransferProgress,
} from "./server/server.ts";
export type {
  AbuseOptions,
  AfterHook,
  BeforeHook,
  LinkListing,
  OpenFileSystem,
  PendingCommand,
  ServerOptions,
  TlsOptions,
  TlsPolicy,
} from "./options.ts";
export type { ConnectionRefusal, Meter, MeteredConnection, SessionReport } from "./options/meter.ts";
export type {
  MakeSharedState,
  MaybeLater,
  SharedBans,
  SharedCount,
  SharedCounter,
  SharedGate,
  SharedPace,
  SharedState,
  SharedStateSettings,
  SharedTurn,
  SharedUploads,
} from "./options/shared_state.ts";
export { localState } from "./session/shared_state.ts";
export type { RateLimit } from "./data/rate_limit.ts";
export * from "./events.ts";
export * from "./fixture/fixture.ts";

export {
  type Account,
  type AccountBasics,
  type AccountMount,
  type AccountsStore,
  ANONYMOUS,
  createAccount,
  MemoryAccounts,
} from "./auth/accounts.ts";
export { AccountsError } from "./auth/accounts_error.ts";
export { AccountsFile, type AccountsFileOptions } from "./auth/file/watch.ts";
export { AccountsFileError } from "./auth/file/read.ts";
export type { ReloadOutcome, WatchedAccounts } from "./auth/place.ts";
export {
  type Authenticator,
  type AuthenticatorOptions,
  type AuthResult,
  type LoginAttempt,
  type LoginRefusal,
  PasswordAuthenticator,
} from "./auth/authenticator.ts";
export { type Ban, type BanOrder, type BanSettings, type BanStore, type Offence, OFFENCES } from "./auth/bans.ts";
export type { LoginVisit } from "./auth/login_gate.ts";
export type { ThrottleOptions } from "./auth/throttle.ts";
export { type HashOptions, hashPassword, verifyPassword } from "./auth/password.ts";

export * from "./drivers/mod.ts";

export type { LibcOptions } from "./native/libc.ts";
export { type NativeIo, openNativeIo } from "./native/native_io.ts";
export * from "./data/engine.ts";
export type { Asker, PassiveConnector, PortPool } from "./data/connector.ts";
export { EventLoop } from "./data/event_loop.ts";
export { LocalEngine, type LocalEngineOptions } from "./data/local_engine.ts";
export {
  type BufferLender,
  type Connection,
  type FilePart,
  type FileSent,
  type MakeConnection,
  type PrepareListener,
  type SendFileOptions,
  type SocketAddress,
  SocketConnection,
  type TlsFacts,
} from "./net/connection.ts";
export type { ConnectionUse, NetworkHooks } from "./net/hooks.ts";
export { type Network, parseNetwork } from "./net/ip.ts";
export { parsePortRange, PortRange, PortsExhausted } from "./data/port_range.ts";
export { PERSONALITIES, type Personality, type Said } from "./protocol/personality.ts";
export type { PersonalityName } from "./protocol/personality_name.ts";
export type { ListedEntry, ListFormatOptions } from "./protocol/list_format.ts";
export type { Zone } from "./protocol/zone.ts";
export type { Reply } from "./protocol/reply.ts";
export * as reply from "./protocol/reply.ts";

export {
  CertificateError,
  type CertificateSource,
  fixedCertificates,
  type KeyPair,
  type KeyPairFiles,
  loadKeyPair,
} from "./tls/certificates.ts";
export { createSelfSigned, type SelfSignedOptions } from "./tls/self_signed.ts";
export { createTlsEndpoint, type TlsEndpoint, type TlsEndpointOptions, TlsError } from "./tls/tls.ts";
export type { SecureConnection, SecureOptions, TlsErrorReason, TlsVersion } from "./tls/route.ts";

export { VERSION } from "./version.ts";
