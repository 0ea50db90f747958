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

/** 200: the command has done what it was asked for. */
export const done = (text: string): Reply => situation(200, text);
/** 202: the command is accepted, and not needed here. */
export const superfluous = (text: string): Reply => situation(202, text);
/** 211: the status of the system, one line for each text. */
export const systemStatus = (lines: readonly string[]): Reply => situation(211, lines);
/** 212: the status of a directory, one line for each text. */
export const directoryStatus = (lines: readonly string[]): Reply => situation(212, lines);
/** 213: the status of a file, in one line or several. */
export const fileStatus = (text: string | readonly string[]): Reply => situation(213, text);
/** 214: help for people. */
export const helpText = (lines: string | readonly string[]): Reply => situation(214, lines);
/** Selects the parser for `ls -l` listings in many clients. */
export const systemType = (text: string): Reply => situation(215, text);
/** 220: the server is ready; the greeting. */
export const ready = (text: string): Reply => situation(220, text);
/** 221: the answer to QUIT, after which the connection is closed. */
export const goodbye: Reply = Object.freeze({ code: 221, text: "Goodbye", then: "close" });
/** 226: the answer to ABOR, after the 426 of the transfer. */
export const abortDone: Reply = situation(226, "Abort successful");
/** 226: the answer to ABOR when no transfer is running. */
export const nothingToAbort: Reply = situation(226, "No transfer to abort");
/** 226: all bytes have arrived, and an upload is stored. */
export const transferComplete = (text: string): Reply => situation(226, text);
/** Clients search the whole line for digits: it must not contain others (RFC 1123 section 4.1.2.6). */
export const passiveMode = (text: string): Reply => situation(227, text);
/** 229: the port for EPSV, in the form of RFC 2428 section 3. */
export const extendedPassiveMode = (text: string): Reply => situation(229, text);
/** 230: the user is logged in. */
export const loggedIn = (text: string | readonly string[]): Reply => situation(230, text);
/** RFC 4217 section 4. The handshake starts right after this line. */
export const startTls: Reply = Object.freeze({ code: 234, text: "Ready to start TLS", then: "secure" });
/** Exactly 250 for CWD, CDUP, RMD, DELE and RNTO: PHP compares the number. */
export const fileActionDone = (text: string | readonly string[]): Reply => situation(250, text);
/** Clients read the first quoted string. */
export const pathCreated = (quotedPath: string, text: string): Reply => situation(257, `${quotedPath} ${text}`);

// More is needed

/** 331: USER is accepted, PASS comes next. */
export const needPassword: Reply = situation(331, "Password required");
/** 350: RNFR is accepted, RNTO comes next. */
export const needRename: Reply = situation(350, "Ready for RNTO");
/** 350: REST or RANG is accepted, the transfer comes next. */
export const restartAt = (text: string): Reply => situation(350, text);

// Failed for now

/** 421: a limit on sessions is reached; the connection is closed. */
export const tooManySessions = (text: string): Reply => Object.freeze({ code: 421, text, then: "close" });
/** The text for an address that is banned. */
export const shutOut = "Too many failed logins from your address, or other abuse, try again later";
/** 421: the server closes the connection, for example when it shuts down. */
export const closing = (text: string): Reply => Object.freeze({ code: 421, text, then: "close" });
/** 425: the data connection could not be opened. */
export const noDataConnection = (text: string): Reply => situation(425, text);
/** 425: a transfer without PASV, EPSV, PORT or EPRT before it. */
export const needDataPort: Reply = situation(425, "Use PASV, EPSV, PORT or EPRT first");
/** 425: all passive ports are in use. */
export const noPassivePort: Reply = situation(425, "No passive port is free, try again later");
/** 426: ABOR has ended the transfer. */
export const transferAborted: Reply = situation(426, "Transfer aborted");
/** As for a transfer: a client that sends ABOR waits for 426 and then 226. */
export const digestAborted: Reply = situation(426, "Digest aborted");
/** 426: ABOR has ended the listing of a STAT. */
export const statusAborted: Reply = situation(426, "Status aborted");
/** Not 421, which would mean that the control connection closes too. */
export const dataStalled: Reply = situation(426, "Data connection stalled, transfer ended");
/** 426: the data connection was lost. */
export const connectionLost = (text: string): Reply => situation(426, text);
/** 450: another command is using the file; it may work later. */
export const fileBusy = (text: string): Reply => situation(450, text);
/** 451: the server failed. */
export const localError = (text: string): Reply => situation(451, text);
/** 452: the storage is full. */
export const noSpace: Reply = situation(452, "No space left on the server");

// Refused

/** 500: no command has this verb. */
export const unknownCommand = (verb: string): Reply => situation(500, `Unknown command "${verb}"`);
/** 500: the line is not a command. */
export const badLine = (text: string): Reply => situation(500, text);
/** 501: the argument of the command is not valid. */
export const badArgument = (text: string): Reply => situation(501, text);
/** 502: the command is known, but not available in this session. */
export const switchedOff = (verb: string): Reply => situation(502, `${verb} is not available here`);
/** 502: the client is behind a balancer, from where the server cannot connect to it. */
export const onlyPassive: Reply = situation(502, "Active mode does not work behind a load balancer: use PASV or EPSV");
/** 503: another command must come first. */
export const badSequence = (text: string): Reply => situation(503, text);
/** 504: the command is available, but not with this argument. */
export const badParameter = (text: string): Reply => situation(504, text);
/** RFC 4217 section 10: the data connection is not encrypted and must be. */
export const dataMustBeProtected: Reply = situation(521, "Data connections must be protected: use PROT P");
/** RFC 2428 section 2: the text lists the supported protocols. */
export const wrongFamily = (supported: "1" | "2"): Reply =>
  situation(522, `Network protocol not supported, use (${supported})`);
/** 522: TLS on the data connection failed (RFC 4217 section 10). */
export const dataHandshakeFailed = (text: string): Reply => situation(522, text);
/** 530: the command needs a login. */
export const notLoggedIn: Reply = situation(530, "Log in with USER and PASS first");
/** 530: the name or the password is wrong. */
export const loginIncorrect: Reply = situation(530, "Login incorrect");
/** 530: the login is refused for another reason. */
export const loginRefused = (text: string): Reply => situation(530, text);
/** 533: CCC is refused (RFC 4217 section 7). */
export const ccc: Reply = situation(533, "The control connection stays protected");
/** 534: PROT C is refused, because data connections must be encrypted. */
export const tlsRequired: Reply = situation(534, "Policy requires PROT P");
/** 536: PROT with a level that TLS does not have (RFC 4217 section 9). */
export const protectionUnsupported = (level: string): Reply => situation(536, `PROT ${level} is not supported`);
/** 550: the action was not taken: no such file, no right to it, and the like. */
export const actionRefused = (text: string): Reply => situation(550, text);
/** 552: the account may not have a file of that size. */
export const tooLarge: Reply = situation(552, "File is too large");
/** 552: the quota of the account is exceeded. */
export const overQuota: Reply = situation(552, "Storage quota exceeded");
/** 553: a file cannot have this name. */
export const nameRefused = (text: string): Reply => situation(553, text);
/** REST before APPE names a place other than the end. */
export const restartNotAtEnd = (end: number): Reply =>
  situation(554, `APPE appends at the end of the file, which is at ${end}; use STOR to write at another offset`);
/** 554: what is there is not the beginning of what the client wants to complete. */
export const oldFileKept: Reply = situation(
  554,
  "The last upload of this file broke off and the old file is still there; send the whole file again",
);
/** 554: REST or RANG points past the end of the file. */
export const restartBeyondEnd: Reply = situation(554, "Restart offset is past the end of the file");
