/**
 * Replies by situation: code, default text and the source of the rule. A handler names the situation and never writes a
 * number. Codes are those of RFC 959 section 4.2 unless another source is named; texts that clients parse are marked.
 *
 * @module
 */

/** A reply to one command. */
export interface Reply {
  /** 100 to 599. */
  readonly code: number;
  /** One line, or several: the first and the last frame the reply, those in between are indented by one space. */
  readonly text: string | readonly string[];
  /** The session's next step once this has been sent: close the control connection, or start TLS on it. */
  readonly then?: "close" | "secure";
}

function situation(code: number, text: string | readonly string[]): Reply {
  return Object.freeze({ code, text });
}

/** Distinguishes a reply from any other value that an argument may be parsed to. */
export function isReply(value: unknown): value is Reply {
  return typeof value === "object" && value !== null && "code" in value && "text" in value;
}

/**
 * The reply as it is sent. Text from outside, such as a file name, may contain bytes that would end the line or start
 * another reply: they become `?`. Inner lines begin with a space, so that none can look like the last one (RFC 959
 * section 4.2).
 */
export function formatReply({ code, text }: Reply): string {
  if (typeof text === "string") return `${code} ${neutralise(text)}\r\n`;
  const lines = text.map(neutralise);
  if (lines.length < 2) return `${code} ${lines[0] ?? ""}\r\n`;
  const inner = lines.slice(1, -1).map((line) => ` ${line}\r\n`).join("");
  return `${code}-${lines[0]}\r\n${inner}${code} ${lines.at(-1)}\r\n`;
}

// deno-lint-ignore no-control-regex -- control characters are what this looks for
const CONTROL_CHARACTERS = /[\x00-\x08\x0a-\x1f\x7f]/g;

function neutralise(line: string): string {
  return line.replace(CONTROL_CHARACTERS, "?");
}

// Preliminary

/** RETR, STOR and listings: the file is open, the data connection comes next. curl and ftplib read `(n bytes)`. */
export function openingData(type: "A" | "I", what: string, bytes?: number): Reply {
  const size = bytes === undefined ? "" : ` (${bytes} bytes)`;
  return situation(150, `Opening ${type === "A" ? "ASCII" : "BINARY"} mode data connection for ${what}${size}`);
}
/** STOU: exactly `FILE: ` and the name (RFC 1123 section 4.1.2.9). */
export const uniqueName = (name: string): Reply => situation(150, `FILE: ${name}`);

// Completed

export const done = (text: string): Reply => situation(200, text);
export const superfluous = (text: string): Reply => situation(202, text);
export const systemStatus = (lines: readonly string[]): Reply => situation(211, lines);
export const directoryStatus = (lines: readonly string[]): Reply => situation(212, lines);
export const fileStatus = (text: string | readonly string[]): Reply => situation(213, text);
export const helpText = (lines: string | readonly string[]): Reply => situation(214, lines);
/** Selects the parser for `ls -l` listings in many clients. */
export const systemType = (text: string): Reply => situation(215, text);
export const ready = (text: string): Reply => situation(220, text);
export const goodbye: Reply = Object.freeze({ code: 221, text: "Goodbye", then: "close" });
export const abortDone: Reply = situation(226, "Abort successful");
export const nothingToAbort: Reply = situation(226, "No transfer to abort");
export const transferComplete = (text: string): Reply => situation(226, text);
/** Clients search the whole line for digits: it must not contain others (RFC 1123 section 4.1.2.6). */
export const passiveMode = (text: string): Reply => situation(227, text);
export const extendedPassiveMode = (text: string): Reply => situation(229, text);
export const loggedIn = (text: string): Reply => situation(230, text);
/** RFC 4217 section 4. The handshake starts right after this line. */
export const startTls: Reply = Object.freeze({ code: 234, text: "Ready to start TLS", then: "secure" });
/** Exactly 250 for CWD, CDUP, RMD, DELE and RNTO: PHP compares the number. */
export const fileActionDone = (text: string | readonly string[]): Reply => situation(250, text);
/** Clients read the first quoted string. */
export const pathCreated = (quotedPath: string, text: string): Reply => situation(257, `${quotedPath} ${text}`);

// More is needed

export const needPassword: Reply = situation(331, "Password required");
export const needRename: Reply = situation(350, "Ready for RNTO");
export const restartAt = (text: string): Reply => situation(350, text);

// Failed for now

export const tooManySessions = (text: string): Reply => Object.freeze({ code: 421, text, then: "close" });
export const shutOut = "Too many failed logins from your address, try again later";
export const closing = (text: string): Reply => Object.freeze({ code: 421, text, then: "close" });
export const noDataConnection = (text: string): Reply => situation(425, text);
export const needDataPort: Reply = situation(425, "Use PASV, EPSV, PORT or EPRT first");
export const noPassivePort: Reply = situation(425, "No passive port is free, try again later");
export const transferAborted: Reply = situation(426, "Transfer aborted");
/** As for a transfer: a client that sends ABOR waits for 426 and then 226. */
export const digestAborted: Reply = situation(426, "Digest aborted");
export const statusAborted: Reply = situation(426, "Status aborted");
/** Not 421, which would mean that the control connection closes too. */
export const dataStalled: Reply = situation(426, "Data connection stalled, transfer ended");
export const connectionLost = (text: string): Reply => situation(426, text);
export const fileBusy = (text: string): Reply => situation(450, text);
export const localError = (text: string): Reply => situation(451, text);
export const noSpace: Reply = situation(452, "No space left on the server");

// Refused

export const unknownCommand = (verb: string): Reply => situation(500, `Unknown command "${verb}"`);
export const badLine = (text: string): Reply => situation(500, text);
export const badArgument = (text: string): Reply => situation(501, text);
export const switchedOff = (verb: string): Reply => situation(502, `${verb} is not available here`);
export const badSequence = (text: string): Reply => situation(503, text);
export const badParameter = (text: string): Reply => situation(504, text);
/** RFC 4217 section 10: the data connection is not encrypted and must be. */
export const dataMustBeProtected: Reply = situation(521, "Data connections must be protected: use PROT P");
/** RFC 2428 section 2: the text lists the supported protocols. */
export const wrongFamily = (supported: "1" | "2"): Reply =>
  situation(522, `Network protocol not supported, use (${supported})`);
export const dataHandshakeFailed = (text: string): Reply => situation(522, text);
export const notLoggedIn: Reply = situation(530, "Log in with USER and PASS first");
export const loginIncorrect: Reply = situation(530, "Login incorrect");
export const loginRefused = (text: string): Reply => situation(530, text);
export const ccc: Reply = situation(533, "The control connection stays protected");
export const tlsRequired: Reply = situation(534, "Policy requires PROT P");
export const protectionUnsupported = (level: string): Reply => situation(536, `PROT ${level} is not supported`);
export const actionRefused = (text: string): Reply => situation(550, text);
export const overQuota: Reply = situation(552, "Storage quota exceeded");
export const nameRefused = (text: string): Reply => situation(553, text);
/** REST before APPE names a place other than the end. */
export const restartNotAtEnd = (end: number): Reply =>
  situation(554, `APPE appends at the end of the file, which is at ${end}; use STOR to write at another offset`);
export const restartBeyondEnd: Reply = situation(554, "Restart offset is past the end of the file");
