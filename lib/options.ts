/**
 * The options of a server, under the names of the flags of `serve`. `options/defaults.ts` has the defaults,
 * `options/resolve.ts` the checks.
 *
 * @module
 */

import type { Account } from "./auth/accounts.ts";
import type { Authenticator } from "./auth/authenticator.ts";
import type { PrepareListener } from "./net/connection.ts";
import type { NetworkHooks } from "./net/hooks.ts";
import type { Network } from "./net/ip.ts";
import type { DataEngine } from "./data/engine.ts";
import type { EventLoop } from "./data/event_loop.ts";
import type { Meter } from "./options/meter.ts";
import type { MakeSharedState } from "./options/shared_state.ts";
import type { PortRange } from "./data/port_range.ts";
import type { TlsEndpoint } from "./tls/tls.ts";
import type { Personality } from "./protocol/personality.ts";
import type { AbuseOptions, AddressCap, Caps } from "./options/abuse.ts";
import type { AfterHook, BeforeHook } from "./options/command_hooks.ts";
import type { Zone } from "./protocol/zone.ts";
import type { Vfs } from "./vfs/vfs.ts";

export type { AbuseOptions, AddressCap } from "./options/abuse.ts";
export type { AfterHook, BeforeHook, PendingCommand } from "./options/command_hooks.ts";

/**
 * Creates the file-system view of an account that has just logged in. A rejection is answered with 530 and reported.
 * Called for each mount of the account as well, with an account that has the root of the mount and nothing else.
 * Accounts with the same `rootPath` are assumed to share their files: quota and digests are shared by all of them.
 */
export type OpenFileSystem = (account: Account) => Vfs | Promise<Vfs>;

/** How listings show symbolic links, see {@link ServerOptions.linkListing}. */
export type LinkListing = "arrow" | "plain" | "followed";

/** When TLS must be used; `off` refuses AUTH even with a certificate. */
export type TlsPolicy = "off" | "optional" | "required";

/** The FTPS options besides the endpoint. */
export interface TlsOptions {
  /** Encrypts connections; made by `createTlsEndpoint`. The server does not dispose of it. */
  readonly endpoint: TlsEndpoint;
  /**
   * For logging in.
   *
   * @default "optional"
   */
  readonly login?: TlsPolicy;
  /**
   * For data connections.
   *
   * @default "optional"
   */
  readonly data?: "optional" | "required";
  /** Port of a listener with implicit TLS. Absent: none. */
  readonly implicitPort?: number;
  /**
   * How to treat a data connection that did not resume a TLS session of this server.
   *
   * @default "off"
   */
  readonly sessionReuse?: "off" | "log" | "require";
  /**
   * `true`: an upload that ends without close_notify is incomplete (426). `false`: it is only flagged.
   *
   * @default false
   */
  readonly strictClose?: boolean;
}

/** The options of a server: who may log in and where files come from; the rest has defaults. */
export interface ServerOptions extends AbuseOptions {
  /** Decides who may log in. */
  readonly authenticator: Authenticator;
  /** Opens the files of an account that logs in. */
  readonly fileSystem: OpenFileSystem;
  /**
   * IP address to listen on.
   *
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /**
   * Control port, 0 to 65535; 0: any free one.
   *
   * @default 2121
   */
  readonly port?: number;
  /**
   * Several servers may listen on the port: the system distributes connections over them (Linux; needs
   * `--unstable-net`).
   *
   * @default false
   */
  readonly reusePort?: boolean;
  /**
   * Text of the greeting.
   *
   * @default "denoftpd ready"
   */
  readonly banner?: string;
  /** The only ports used for passive data connections; absent: any free one. */
  readonly passivePorts?: PortRange;
  /** Public IPv4 address or DNS name for 227 replies, if it is not the address that the client connected to. */
  readonly passiveAddress?: string;
  /** Networks (CIDR) whose clients get the local address nevertheless. Default: loopback and the private networks. */
  readonly passiveLocalNetworks?: readonly string[];
  /**
   * Networks (CIDR) of balancers. Each connection from them, control and data, must begin with a PROXY header (version
   * 1 or 2), whose addresses then count for everything. From elsewhere no header is taken. Default: none.
   */
  readonly proxyFrom?: readonly string[];
  /**
   * Milliseconds for a PROXY header to arrive; 0: no limit.
   *
   * @default 5_000
   */
  readonly proxyHeaderTimeout?: number;
  /**
   * `false` refuses PORT and EPRT.
   *
   * @default true
   */
  readonly active?: boolean;
  /** TLS; without it AUTH is refused. */
  readonly tls?: TlsOptions;
  /**
   * The most sessions at the same time; 0: as many as the open-file limit allows.
   *
   * @default 0
   */
  readonly maxSessions?: number;
  /**
   * Milliseconds from the greeting to a login; 0: no limit.
   *
   * @default 60_000
   */
  readonly loginTimeout?: number;
  /**
   * Milliseconds between two commands; paused while a transfer runs. 0: no limit. The default is the minimum of RFC
   * 1123 section 4.1.3.2.
   *
   * @default 300_000
   */
  readonly idleTimeout?: number;
  /**
   * Milliseconds for the data connection to be established; 0: no limit.
   *
   * @default 30_000
   */
  readonly dataTimeout?: number;
  /**
   * Milliseconds without a byte moving during a transfer; 0: no limit.
   *
   * @default 120_000
   */
  readonly stallTimeout?: number;
  /**
   * Milliseconds for a TLS handshake; 0: no limit.
   *
   * @default 20_000
   */
  readonly handshakeTimeout?: number;
  /**
   * Unknown or unreadable command lines in a row before 421.
   *
   * @default 10
   */
  readonly maxBadCommands?: number;
  /**
   * Wrong passwords in one session before 421.
   *
   * @default 5
   */
  readonly maxLoginFailures?: number;
  /**
   * First delay of the answer to a wrong password, in milliseconds; it doubles with each failure, up to 2,000.
   *
   * @default 500
   */
  readonly failureDelay?: number;
  /**
   * Milliseconds between two guesses at an account from an address (the /64 for IPv6), over any number of connections;
   * a tenth of it between two guesses from the address in total. A right password is free. 0: no limit.
   *
   * @default 1_000
   */
  readonly guessInterval?: number;
  /**
   * Accept data connections from addresses other than the control connection's. Weakens security (RFC 2577).
   *
   * @default false
   */
  readonly allowForeignDataPeer?: boolean;
  /**
   * What TYPE A does: convert line ends, transfer bytes unchanged, or refuse transfers.
   *
   * @default "convert"
   */
  readonly ascii?: "convert" | "binary" | "refuse";
  /**
   * How LIST, STAT, MLSD and MLST show symbolic links: with an arrow and the target; as links without a target; or as
   * their targets, so that clients which remove a directory with its content follow links and remove what is there.
   *
   * @default "arrow"
   */
  readonly linkListing?: LinkListing;
  /**
   * MDTM and the `modify` fact include milliseconds, which many scripts cannot read. MFMT and MDTM always accept them.
   *
   * @default false
   */
  readonly timeFractions?: boolean;
  /**
   * IANA zone of LIST dates.
   *
   * @default "UTC"
   */
  readonly timeZone?: string;
  /**
   * The answer to MKD of an existing directory: 550, or 257 for devices that insist on it.
   *
   * @default "refuse"
   */
  readonly mkdExisting?: "refuse" | "accept";
  /**
   * STOR creates missing parent directories.
   *
   * @default false
   */
  readonly autoMkdir?: boolean;
  /**
   * Whether digests are computed during transfers: `auto` for the first 16 MiB if a listener wants `transfer` events
   * with them, and for whole files once a session asks for digests.
   *
   * @default "auto"
   */
  readonly digests?: "auto" | "always" | "off";
  /** Names that HOST accepts (RFC 7151); absent: every well-formed one. */
  readonly hostNames?: readonly string[];
  /** Called before each command. */
  readonly before?: BeforeHook;
  /** Called after each command. */
  readonly after?: AfterHook;
  /** The kind of server that clients see. Default: Unix. */
  readonly personality?: Personality;
  /** Hooks between the server and its sockets. */
  readonly network?: NetworkHooks;
  /** Makes the data connections. Default: a `LocalEngine`, whose sockets belong to this event loop. */
  readonly dataEngine?: DataEngine | undefined;
  /**
   * Called with the address of each control port: `NativeIo.prepareListener` sets there, once, what is else set for
   * each connection.
   */
  readonly prepareListener?: PrepareListener | undefined;
  /** Shares turns and memory with other servers in this thread. Default: one of its own. */
  readonly eventLoop?: EventLoop;
  /** Makes what is shared with other servers: limits, bans and quotas hold for all of them. Default: nothing. */
  readonly sharedState?: MakeSharedState;
  /** Counts what the server does, for metrics. Default: nothing does. */
  readonly meter?: Meter;
  /**
   * Milliseconds since 1970; for tests and reproducible listings.
   *
   * @default Date.now
   */
  readonly clock?: () => number;
}

/** Options without a default. */
type Optional =
  | "before"
  | "after"
  | "network"
  | "sharedState"
  | "passivePorts"
  | "passiveAddress"
  | "banStore"
  | "meter"
  | "prepareListener";

/** Options that are networks. */
type Networks = "passiveLocalNetworks" | "banExempt" | "allowFrom" | "denyFrom" | "proxyFrom";

/** {@link ServerOptions} with every default filled in. */
export interface Options
  extends
    Required<Omit<ServerOptions, "tls" | "timeZone" | "dataEngine" | Networks | Caps | Optional>>,
    Pick<ServerOptions, Optional>,
    Readonly<Record<Caps, AddressCap>>,
    Readonly<Record<Networks, readonly Network[]>> {
  readonly tls?: Required<Omit<TlsOptions, "implicitPort">> & Pick<TlsOptions, "implicitPort">;
  readonly zone?: Zone;
  readonly dataEngine: DataEngine;
}
