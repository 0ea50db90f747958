/**
 * The options of a server. `options/resolve.ts` has the defaults and the checks.
 *
 * @module
 */

import type { Account } from "./auth/accounts.ts";
import type { Authenticator } from "./auth/authenticator.ts";
import type { NetworkHooks } from "./net/hooks.ts";
import type { Network } from "./net/ip.ts";
import type { FileSender } from "./data/file_sender.ts";
import type { PortRange } from "./data/port_range.ts";
import type { TlsEndpoint } from "./tls/tls.ts";
import type { Personality } from "./protocol/personality.ts";
import type { Reply } from "./protocol/reply.ts";
import type { Zone } from "./protocol/zone.ts";
import type { Vfs } from "./vfs/vfs.ts";

/**
 * Makes the file-system view of an account that has just logged in. A rejection answers 530 and is reported. Accounts of one `rootPath`
 * are taken to share their files: what is known of quota and digests holds for all of them.
 */
export type OpenFileSystem = (account: Account) => Vfs | Promise<Vfs>;

/** A command on its way to its handler, as a {@link ServerOptions.before} hook sees it. */
export interface PendingCommand {
  readonly session: string;
  readonly address: string;
  readonly user?: string;
  readonly verb: string;
  /** As the client sent it; absent for PASS. */
  readonly argument?: string;
  /** Resolved virtual path, where the command is about one and nothing else. */
  readonly path?: string;
  /** Where the user is; absent without a login. */
  readonly cwd?: string;
}

/** May refuse a command with a reply of its choice; `undefined` lets it pass. */
export type BeforeHook = (command: PendingCommand) => Reply | undefined | Promise<Reply | undefined>;

/** Sees the final reply of a command that has run, and may send another instead; `undefined` lets it pass. */
export type AfterHook = (command: PendingCommand, reply: Reply) => Reply | undefined | Promise<Reply | undefined>;

/** Times in milliseconds; 0 switches a limit off. */
export interface Timeouts {
  /** From the greeting to a login. Default 60,000. */
  readonly login: number;
  /** Between two commands; rests while a transfer runs. Default 300,000, the least that RFC 1123 section 4.1.3.2 allows. */
  readonly idle: number;
  /** For the data connection to come about. Default 30,000. */
  readonly dataConnect: number;
  /** Without a byte moving during a transfer. Default 120,000. */
  readonly stall: number;
  /** For a TLS handshake. Default 20,000. */
  readonly handshake: number;
}

/** How listings show symbolic links, see {@link ServerOptions.linkListing}. */
export type LinkListing = "arrow" | "plain" | "followed";

/** When TLS must be used; `off` refuses AUTH though there is a certificate. */
export type TlsPolicy = "off" | "optional" | "required";

/** What FTPS needs besides an endpoint. */
export interface TlsOptions {
  readonly endpoint: TlsEndpoint;
  /** For logging in. Default `optional`. */
  readonly login?: TlsPolicy;
  /** For data connections. Default `optional`. */
  readonly data?: "optional" | "required";
  /** Port of a listener that speaks TLS from the first byte. */
  readonly implicitPort?: number;
  /** What to make of a data connection that did not resume a TLS session of this server. Default `off`. */
  readonly sessionReuse?: "off" | "log" | "require";
  /** `true`: an upload that ends without close_notify is incomplete (426). Default `false`: it is flagged. */
  readonly strictClose?: boolean;
}

/** How passive data connections are offered. */
export interface PassiveOptions {
  /** The only ports used; without it any free one. */
  readonly ports?: PortRange;
  /** Public IPv4 address or DNS name for 227 replies, when it is not the address that the client came in on. */
  readonly address?: string;
  /** Networks (CIDR) whose clients get the local address nevertheless. Default: loopback and the private networks. */
  readonly localNetworks?: readonly string[];
}

/** What the caller gives: who may log in and where files come from; the rest has defaults. */
export interface ServerOptions {
  readonly authenticator: Authenticator;
  readonly fileSystem: OpenFileSystem;
  /** IP address to listen on. Default `127.0.0.1`. */
  readonly hostname?: string;
  /** 0 to 65535; 0 picks a free one. Default 2121. */
  readonly port?: number;
  /** Several servers may listen on the port: the system spreads connections over them (Linux; needs `--unstable-net`). Default `false`. */
  readonly reusePort?: boolean;
  /** Text of the greeting. */
  readonly banner?: string;
  readonly passive?: PassiveOptions;
  /** `false` refuses PORT and EPRT. Default `true`. */
  readonly active?: boolean;
  readonly tls?: TlsOptions;
  /** Sessions at once. Default 0: as many as the open-file limit carries. */
  readonly maxSessions?: number;
  /**
   * Sessions at once of one address, which is the /64 of an IPv6 one; 0 for no limit. Default 200, and none for loopback: what comes from
   * there may be a relay with everybody behind it.
   */
  readonly maxSessionsPerAddress?: number;
  /** As {@link maxSessionsPerAddress}, of those that have not logged in yet. Default 50, and none for loopback. */
  readonly maxStrangersPerAddress?: number;
  readonly timeouts?: Partial<Timeouts>;
  /** Unknown or unreadable command lines in a row before 421. Default 10. */
  readonly maxBadCommands?: number;
  /** Wrong passwords in one session before 421. Default 5. */
  readonly maxLoginFailures?: number;
  /** First delay of an answer to a wrong password, in milliseconds; it doubles with each failure, up to 2,000. Default 500. */
  readonly failureDelay?: number;
  /**
   * Milliseconds between two guesses at an account from an address (the /64 of an IPv6 one), over whatever connections; a tenth of it between
   * two guesses of the address in all. A right password pays nothing. 0 for no bound. Default 1,000.
   */
  readonly guessInterval?: number;
  /** Shuts an address out for `duration` milliseconds after so many failed logins within ten minutes. Without it nobody is. */
  readonly ban?: { readonly failures: number; readonly duration: number };
  /** Addresses of data connections need not be the control connection's. Loosens a defence (RFC 2577). Default `false`. */
  readonly allowForeignDataPeer?: boolean;
  /** What TYPE A does: convert line ends, pass bytes as they are, or refuse transfers. Default `convert`. */
  readonly ascii?: "convert" | "binary" | "refuse";
  /**
   * How LIST, STAT, MLSD and MLST show symbolic links: with an arrow and the target behind it; as links without a target; or as what they
   * lead to, so that clients which remove a directory with all that is in it go through links and remove what is there. Default `arrow`.
   */
  readonly linkListing?: LinkListing;
  /** MDTM and the `modify` fact tell milliseconds, which many recipes cannot read. MFMT and MDTM take them all the same. Default `false`. */
  readonly timeFractions?: boolean;
  /** IANA zone of LIST dates. Default UTC. */
  readonly timeZone?: string;
  /** What MKD of an existing directory answers: 550, or 257 for devices that insist. Default `refuse`. */
  readonly mkdExisting?: "refuse" | "accept";
  /** STOR makes missing parent directories. Default `false`. */
  readonly autoMkdir?: boolean;
  /**
   * Whether digests are taken while files stream: `auto` for the first 16 MiB where somebody listens to `transfer` events, and for all of
   * it once a session asks for digests. Default `auto`.
   */
  readonly digests?: "auto" | "always" | "off";
  /** Names HOST accepts (RFC 7151); without any, every well-formed one. */
  readonly hostNames?: readonly string[];
  readonly before?: BeforeHook;
  readonly after?: AfterHook;
  /** What kind of server clients take it for. Default: Unix. */
  readonly personality?: Personality;
  /** Stands between the server and its sockets. */
  readonly network?: NetworkHooks;
  /** Sends large files in place of the runtime, where it can. */
  readonly fileSender?: FileSender | undefined;
  /** Milliseconds since 1970; for tests and reproducible listings. */
  readonly clock?: () => number;
}

/** How many of something an address may have. */
export interface AddressCap {
  /** 0 for no limit. */
  readonly limit: number;
  /** Whether it is for loopback as well: where somebody has named a number. */
  readonly loopback: boolean;
}

/** Caps by address: their defaults are not those of loopback. */
type Caps = "maxSessionsPerAddress" | "maxStrangersPerAddress";

/** Options without which there is nothing instead. */
type OptionalHooks = "before" | "after" | "network" | "fileSender" | "ban";

/** {@link ServerOptions} with every default filled in. */
export interface Options
  extends
    Required<Omit<ServerOptions, "passive" | "tls" | "timeZone" | "timeouts" | Caps | OptionalHooks>>,
    Pick<ServerOptions, OptionalHooks> {
  readonly sessionsPerAddress: AddressCap;
  readonly strangersPerAddress: AddressCap;
  readonly passive: {
    readonly ports?: PortRange;
    readonly address?: string;
    readonly localNetworks: readonly Network[];
  };
  readonly tls?: Required<Omit<TlsOptions, "implicitPort">> & Pick<TlsOptions, "implicitPort">;
  readonly zone?: Zone;
  readonly timeouts: Timeouts;
}
