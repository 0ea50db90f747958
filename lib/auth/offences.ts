/**
 * What counts against an address.
 *
 * @module
 */

/** What counts against an address, and for how many points. */
export const OFFENCES = {
  /** A wrong password, or a name that no account has. */
  failedLogin: 1,
  /** A session that was closed after too many lines that are not commands. */
  badCommands: 5,
  /** A session that was closed after a line without end. */
  endlessLine: 5,
  /** A session that began with a request of HTTP. */
  foreignProtocol: 5,
  /** A session that did not log in in time. */
  loginTimeout: 2,
  /** A connection beyond the rate of its address. */
  connectionRate: 1,
  /** A connection to a passive port that was opened for another address. */
  dataPort: 1,
} as const;

/** One of {@link OFFENCES}. */
export type Offence = keyof typeof OFFENCES;

/** How offences are called in the reason of a ban. */
export const OFFENCE_NAMES: Readonly<Record<Offence, string>> = {
  failedLogin: "failed logins",
  badCommands: "bad commands",
  endlessLine: "endless lines",
  foreignProtocol: "another protocol",
  loginTimeout: "no login in time",
  connectionRate: "too many connections",
  dataPort: "connections to data ports of others",
};
