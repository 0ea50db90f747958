/**
 * Who answers the clients of a {@link Front}: a real server whose words are recorded, or a cassette.
 *
 * @module
 */

import type { Connection, SocketAddress } from "../net/connection.ts";

/** A client, for those who answer it. */
export interface Client {
  /** The two ends of its control connection. */
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  /** Aborted when the client is sent away: nothing may wait any longer. */
  readonly signal: AbortSignal;
  /** Sends a reply. `lines` have no ends. */
  reply(lines: readonly string[]): Promise<void>;
  /** Opens the data connection that the client has asked for. @throws {DataConnectionError} */
  openData(): Promise<Connection>;
}

/** Answers one client. */
export interface Conversation {
  /** Sends the greeting. */
  begin(): Promise<void>;
  /** The client has asked for a data connection. Resolves to a reply that refuses it, or `undefined`. */
  prepareData(): Promise<readonly string[] | undefined>;
  /** Answers a command. `verb` is in upper case. Resolves to whether the conversation goes on. */
  answer(verb: string, argument: string | undefined): Promise<boolean>;
  /** The client has left, or is sent away. */
  end(): Promise<void> | void;
}

/** Begins a conversation with each client, in the order of their connections. */
export interface Backend {
  begin(client: Client): Conversation;
}

/** Ends a session: the message is its last reply. */
export class ConversationEnd extends Error {
  /** Always `ConversationEnd`. */
  override readonly name = "ConversationEnd";
}
