/**
 * The session as a command handler sees it. Handlers know this type and never the session class; the session implements
 * it, and tests may too.
 *
 * @module
 */

import type { Offence } from "../auth/bans.ts";
import type { Account } from "../auth/accounts.ts";
import type { DataConnector } from "../data/engine.ts";
import type { RateLimit } from "../data/rate_limit.ts";
import type {
  FileChanged,
  LoginTried,
  Notice,
  Problem,
  ProxyHeaderRefused,
  SessionEvent,
  TransferDirection,
  TransferEnded,
  TransferReason,
  TransferStarted,
} from "../events.ts";
import type { Connection, SocketAddress, TlsFacts } from "../net/connection.ts";
import type { LingeringConnections } from "../net/lingering.ts";
import type { Options } from "../options.ts";
import type { SharedUploads } from "../options/shared_state.ts";
import type { FactName } from "../protocol/mlsx.ts";
import type { Reply } from "../protocol/reply.ts";
import type { SessionInfo } from "../session_info.ts";
import type { DigestAlgorithm } from "../data/digest/digest.ts";
import type { ScopedVfs } from "../vfs/access.ts";
import type { VirtualPath } from "../vfs/vfs.ts";

/** The user and the working directory. USER and REIN reset it. */
export interface LoginState {
  /** As given with USER. */
  name: string | undefined;
  account: Account | undefined;
  /** The account's files; only there when logged in. */
  vfs: ScopedVfs | undefined;
  cwd: VirtualPath;
}

/** The part of a file that a command is about. */
export interface FileRange {
  /** First byte, from REST or RANG. */
  readonly offset: number;
  /** Number of bytes, from RANG; `undefined`: all there are. */
  readonly length: number | undefined;
}

/** What REST, RANG and ALLO say about the next transfer. It counts once, and nothing else reads or clears it. */
export interface NextTransfer {
  /** REST or RANG: replaces what either has said before. */
  limitTo(range: FileRange): void;
  /** ALLO. */
  announce(size: number): void;
  /** Most commands between REST or RANG and the transfer clear both; ALLO stays. */
  clearRange(): void;
  /** Returns what REST or RANG has said, and clears it. */
  takeRange(): FileRange;
  /** Returns what ALLO has said, and clears it. */
  takeAnnouncedSize(): number | undefined;
}

/** The settings of TYPE, REST, OPTS and the like. USER and REIN reset them. */
export interface ParameterState {
  type: "A" | "I";
  /** What REST, RANG and ALLO have said. */
  readonly next: NextTransfer;
  facts: readonly FactName[];
  hash: DigestAlgorithm;
  /** Whether the client ever asked for a digest: from then on they are taken of whole files. */
  wantsDigests: boolean;
  /** Set by SITE UMASK; without it, new files have the mode that the process gives them. */
  umask: number | undefined;
  client: string | undefined;
}

/** The data connection to come. */
export interface DataState {
  /** Chosen by PASV, EPSV, PORT or EPRT and spent by one transfer. */
  port: DataConnector | undefined;
  /** EPSV ALL was sent: nothing but EPSV from then on (RFC 2428 section 4). */
  epsvAll: boolean;
}

/** A data connection as the transfer uses it. */
export interface ProtectedData {
  readonly connection: Connection;
  /** Of the TLS that the session put below, also where a hook has wrapped the connection and passes nothing on. */
  readonly tls: TlsFacts | undefined;
}

/** Between RNFR and RNTO. */
export interface RenameState {
  from: VirtualPath | undefined;
}

/** RFC 4217. REIN leaves it, as the control connection stays protected. */
export interface SecurityState {
  bufferSizeSet: boolean;
  /** PROT P is in force. */
  protectData: boolean;
  /** An upload of this session has ended with close_notify: its client sends one, and an end without it is a cut. */
  sendsCloseNotify: boolean;
}

/** The two ends of the control connection. */
export interface ControlInfo {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** It came through a balancer: {@link remote} is the client all the same, but cannot be connected to from here. */
  readonly proxied: boolean;
  /** Under TLS now. */
  readonly secure: boolean;
  /** The version of TLS, such as `TLSv1.3`, or `clear`: for the log. */
  readonly protection: string;
}

/** The transfer that is under way, or the command that takes as long as one; at most one per session. */
export interface RunningTransfer {
  readonly verb: string;
  /** `undefined`: it is a command that takes long without a data connection. */
  readonly direction: TransferDirection | undefined;
  /** As in the row of its command. */
  readonly createsName: boolean;
  /** The argument as the client sent it. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Bytes over the data connection so far. */
  bytes: number;
  /** There is a data connection. */
  connected: boolean;
  /** The control connection is gone without QUIT: a client that died looks just like one that has sent everything. */
  readonly orphaned: boolean;
  /** An upload under TLS that ended without close_notify. */
  unclean: boolean;
  /** Called once by a transfer whose file or directory is open. */
  start(start: TransferStart): void;
  /** Ends it early; the transfer itself answers 426. The first reason counts. */
  abort(reason: TransferReason): void;
  /** Why {@link abort} was called, if it was. */
  readonly abortReason: TransferReason | undefined;
  /** Resolves once its preliminary reply is on its way, to `false` when it has ended without. */
  readonly begun: Promise<boolean>;
  /** Resolves once its final reply is on its way. */
  readonly ended: Promise<void>;
}

/** What commands may know of the server as a whole. */
export interface ServerView {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly sessionCount: number;
  /** Those of other event loops have to be asked for. */
  sessions(): readonly SessionInfo[] | Promise<readonly SessionInfo[]>;
  readonly recentUploads: SharedUploads;
  /** Data connections whose clients are to get what was sent before they are closed. */
  readonly lingering: Pick<LingeringConnections, "add">;
  /** Address for a 227 reply to this client; `undefined` without an IPv4 address. */
  passiveAddress(control: ControlInfo): Promise<string | undefined> | string | undefined;
}

/** What is known of a transfer when it starts. */
export type TransferStart = Pick<TransferStarted, "direction" | "path" | "offset" | "size">;

/** An event as a handler reports it; the session adds the time and who it was. */
export type HandlerEvent =
  | Omit<TransferStarted, keyof SessionEvent>
  | Omit<TransferEnded, keyof SessionEvent>
  | Omit<FileChanged, keyof SessionEvent>
  | Omit<LoginTried, keyof SessionEvent>
  | Omit<ProxyHeaderRefused, keyof SessionEvent>
  | Omit<Problem, keyof SessionEvent>
  | Omit<Notice, keyof SessionEvent>;

/** Everything a handler may use. */
export interface CommandContext {
  readonly id: string;
  readonly options: Options;
  readonly server: ServerView;
  readonly control: ControlInfo;
  readonly login: LoginState;
  readonly parameters: ParameterState;
  readonly data: DataState;
  readonly rename: RenameState;
  readonly security: SecurityState;
  readonly transfer: RunningTransfer | undefined;
  /** The next command is already being read, as during a transfer. */
  readonly readsAhead: boolean;
  /** The files of the account. @throws {Error} before login: a row that needs files also needs a login. */
  readonly vfs: ScopedVfs;
  /** Limits of this session's account; `undefined` where there is none. */
  readonly limiters: { readonly upload: RateLimit | undefined; readonly download: RateLimit | undefined };
  /** Sends a preliminary reply, before the handler has its final one. */
  mark(reply: Reply): Promise<void>;
  /**
   * Has a preliminary reply leave together with the next one, which saves the client a look at its connection. What is
   * returned sends it before that.
   */
  markLater(reply: Reply): () => void;
  /** Whether a listener of events wants the digests of files that are transferred. */
  readonly listenersWantDigests: boolean;
  /** Reports an event of this session. */
  emit(event: HandlerEvent): void;
  /** Counts an offence of `address`, which may be banned for it. */
  offended(address: string, offence: Offence): void;
  /** Checks the password and, if it is right, logs the session in. A wrong one is answered after a delay. */
  authenticate(password: string): Promise<Reply>;
  /** Forgets the account and all that came with it (USER, REIN). */
  resetLogin(): void;
  /** Takes the chosen data connector, so that it is spent whatever happens. */
  takeConnector(): DataConnector | undefined;
  /** Replaces the chosen data connector; the previous one is closed. */
  setConnector(port: DataConnector | undefined): void;
  /**
   * A data connection whose client may begin the TLS handshake now, before its transfer command: {@link protectData}
   * takes it up.
   */
  awaitHandshake(connection: Connection): Connection;
  /** Protects a data connection as PROT asks; plain otherwise. */
  protectData(connection: Connection, signal: AbortSignal): Promise<ProtectedData>;
  /** Idle limit of this session in milliseconds; SITE IDLE sets it. */
  idleTimeout: number;
}

/** What the handler of a transfer, or of a command that takes as long, may use. */
export interface TransferContext extends CommandContext {
  readonly transfer: RunningTransfer;
}
