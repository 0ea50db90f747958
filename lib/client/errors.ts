/**
 * The errors that a {@link Client} rejects with.
 *
 * @module
 */

/**
 * What failed:
 *
 * - `reply`: the server refused; {@link ClientError.code} and {@link ClientError.reply} are its answer.
 * - `unknownHost`: no address for the name. `refused`: the address does not accept connections.
 * - `unreachable`: any other failure to connect. `dataConnection`: only the data connection could not be made.
 * - `closed`: the server closed the control connection, or it broke.
 * - `timeout`: no answer, or no byte, within the limit.
 * - `untrusted`: the certificate is not trusted, or TLS is required and the server does not offer it.
 * - `sessionTaken`: a data connection under TLS was refused, and it offered the TLS session of a later login to the
 *   same host instead of its own: the runtime keeps only the latest one. The only client of a host in a thread has no
 *   such error.
 * - `protocol`: the server sent something that is not FTP, or more than the limits allow.
 * - `badName`: a name cannot be sent (CR, LF, NUL), or must not be created here.
 * - `truncated`: fewer bytes arrived than the server announced.
 * - `local`: the local file could not be read or written.
 */
export type ClientErrorKind =
  | "reply"
  | "unknownHost"
  | "refused"
  | "unreachable"
  | "dataConnection"
  | "closed"
  | "timeout"
  | "untrusted"
  | "sessionTaken"
  | "protocol"
  | "badName"
  | "truncated"
  | "local";

/** What a {@link ClientError} knows besides its message. */
export interface ClientErrorDetails extends ErrorOptions {
  /** The command that failed. */
  readonly verb?: string | undefined;
  /** The code of the server's reply, 400 to 599. */
  readonly code?: number | undefined;
  /** The server's text, without the code. */
  readonly reply?: string | undefined;
}

/** Replies after which the same request may succeed a little later. */
const TEMPORARY = new Set([421, 425, 426, 450]);
/** How servers say in a 530 that the limit of sessions is reached, as Pure-FTPd, vsftpd and ProFTPD do. */
const TOO_MANY = /too many|maximum number|max(?:imum)? (?:number of )?(?:clients|connections)|try again later/i;
const PASSING: ReadonlySet<ClientErrorKind> = new Set([
  "refused",
  "unreachable",
  "dataConnection",
  "closed",
  "timeout",
  "sessionTaken",
]);

/** A failure of a request, or of the connection. Aborts reject with the reason of their signal instead. */
export class ClientError extends Error {
  /** Always `ClientError`. */
  override readonly name = "ClientError";
  /** What failed. */
  readonly kind: ClientErrorKind;
  /** The command that failed, if it was one. */
  readonly verb: string | undefined;
  /** The code of the server's reply, 400 to 599, if there was one. */
  readonly code: number | undefined;
  /** The server's text, without the code, if there was one. */
  readonly reply: string | undefined;

  /** An error of `kind`. */
  constructor(kind: ClientErrorKind, message: string, details: ClientErrorDetails = {}) {
    const { verb, code, reply, ...options } = details;
    super(message, options);
    this.kind = kind;
    this.verb = verb;
    this.code = code;
    this.reply = reply;
  }

  /**
   * Whether a retry makes sense: the connection failed, or the server answered 421, 425, 426, 450, or a 530 that speaks
   * of too many connections. No other refusal changes by asking again.
   */
  get isTemporary(): boolean {
    if (this.kind !== "reply") return PASSING.has(this.kind);
    return TEMPORARY.has(this.code ?? 0) || (this.code === 530 && TOO_MANY.test(this.reply ?? ""));
  }
}

/** A refusal of `verb` by the server. */
export function refusalOf(verb: string, { code, text }: { readonly code: number; readonly text: string }): ClientError {
  return new ClientError("reply", `${verb} failed: ${code} ${text}`, { verb, code, reply: text });
}

/** The reply to `verb` is a success without the `what` that it must have. */
export function nonsense(verb: string, what: string, text: string): ClientError {
  return new ClientError("protocol", `The reply to ${verb} has no ${what}: ${text}`, { verb });
}
