/**
 * What events have in common.
 *
 * @module
 */

/** Which event it is. */
export interface Typed<Type extends string> {
  /** Distinguishes it from the others. */
  readonly type: Type;
}

/** When an event happened. */
export interface Timed {
  /** Milliseconds since 1970, by the clock of the server. */
  readonly time: number;
}

/** The session behind an event. */
export interface Actor {
  /** Names the session in logs; never reused while the server runs. */
  readonly session: string;
  /** IP address of the control connection's peer. */
  readonly address: string;
  /** Name of the account, once logged in. */
  readonly user?: string;
}
