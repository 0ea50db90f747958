/**
 * What the shell needs of the world around it: a terminal or something that stands for one, programs, and servers.
 *
 * @module
 */

import type { JobEvent } from "../agent/job/events.ts";
import type { Site } from "../agent/site/site.ts";
import type { Client } from "../client/client.ts";
import type { DataMode } from "../client/data_connection.ts";

/** Where text goes. */
export interface Output {
  /** Writes text or bytes as they are. Rejects if the reader is gone. */
  write(data: string | Uint8Array): Promise<void>;
  /** Whether people read it as it comes: escape sequences in names must be shown instead of sent. */
  readonly isTerminal: boolean;
  /** Columns of a line. */
  readonly columns: number;
  /** Whether colours may be used. */
  readonly hasColours: boolean;
}

/** How far one transfer is. */
export interface Progress {
  /** Bytes so far. */
  update(bytes: number): void;
  /** Takes it from the screen. */
  end(): void;
}

/** Shows how far a job with several files is. */
export interface JobWatch {
  /** How much there is to do. */
  expect(files: number, bytes: number): void;
  event(event: JobEvent): void;
  /** Takes it from the screen. */
  end(): void;
}

/** The person in front of the shell. */
export interface Person extends Output {
  /** Whether there is somebody who can answer. */
  readonly isInteractive: boolean;
  /** Writes a line beside the output: notes and errors. The line end is added. */
  note(line: string): void;
  /** The answer to a question; `undefined` if there was none (Ctrl-C, end of input). */
  ask(question: string): Promise<string | undefined>;
  /** As {@link ask}, without showing what is typed. */
  askSecret(question: string): Promise<string | undefined>;
  /** Shows the progress of several files. */
  watch(): JobWatch;
  /** Shows the progress of a transfer. `size`: bytes, if known. */
  progress(name: string, size: number | undefined): Progress;
}

/** The input of a running program. */
export interface ProgramInput {
  /** Resolves to whether the program still reads. */
  write(data: Uint8Array): Promise<boolean>;
  /** Says that it was all. Resolves to the exit status when the program has ended. */
  end(): Promise<number>;
}

/** Programs of this computer, in its command interpreter. */
export interface Programs {
  /** Runs `command`, or the interpreter itself for an empty one, on the terminal. Resolves to the exit status. */
  run(command: string, directory: string): Promise<number>;
  /** Starts `command`; its input is what the shell writes. */
  feed(command: string, directory: string): ProgramInput;
}

/** What `open` and `user` say of a server. */
export interface Destination {
  /** A URL, the name of a bookmark, or a host. */
  readonly target: string;
  readonly port?: number;
  /** Instead of the name in the URL. */
  readonly user?: string;
  readonly password?: string;
}

/** How to connect. */
export interface ConnectOptions {
  readonly mode: DataMode;
  readonly signal: AbortSignal;
}

/** A login that can be repeated. */
export interface Connected {
  readonly client: Client;
  /** For people: `ftp://user@host:port`. */
  readonly label: string;
  /** The name of the host, for the prompt. */
  readonly host: string;
  /** The directory of the URL, if it has one. */
  readonly path: string | undefined;
  /** The server, for sessions of their own. */
  site(mode: DataMode): Promise<Site>;
  /** The URL of a directory there, without the password. */
  urlOf(directory: string): string;
  /** Another session with the same server and account. */
  again(options: ConnectOptions): Promise<Client>;
}

/** Reaches servers: knows credentials, trust and proxies. */
export interface Connector {
  connect(destination: Destination, options: ConnectOptions): Promise<Connected>;
}

/** Names for servers. */
export interface Bookmarks {
  list(): Promise<readonly { readonly name: string; readonly url: string }[]>;
  /** Keeps `url` without its password. */
  add(name: string, url: string): Promise<void>;
  /** Resolves to whether there was one. */
  remove(name: string): Promise<boolean>;
}
