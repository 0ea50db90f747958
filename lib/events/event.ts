/**
 * What can happen, as one type. Only types: the npm package has them as its declarations.
 *
 * @module
 */

import type {
  AddressAllowed,
  AddressBanned,
  ConnectionRefused,
  Notice,
  Problem,
  ProxyHeaderRefused,
  Started,
  Stopped,
} from "./server_events.ts";
import type {
  CommandReceived,
  CommandRefused,
  DataOpened,
  FileChanged,
  LoginTried,
  ReplySent,
  SessionClosed,
  SessionOpened,
  TransferEnded,
  TransferStarted,
} from "./session_events.ts";

/** Everything that is reported. */
export type ServerEvent =
  | SessionOpened
  | SessionClosed
  | ConnectionRefused
  | ProxyHeaderRefused
  | AddressBanned
  | AddressAllowed
  | Started
  | Stopped
  | LoginTried
  | CommandReceived
  | CommandRefused
  | ReplySent
  | DataOpened
  | TransferStarted
  | TransferEnded
  | FileChanged
  | Problem
  | Notice;

/** The types of events. */
export type EventType = ServerEvent["type"];
