/**
 * The rows of the shell's table.
 *
 * @module
 */

import type { ShellContext } from "./context.ts";
import type { Word } from "./line.ts";
import type { Output } from "./ports.ts";

/** What a word of a command names, for completion. */
export type ArgumentKind =
  | "remote"
  | "remoteDirectory"
  | "local"
  | "localDirectory"
  | "command"
  | "bookmark"
  | readonly string[];

/** One use of a command. */
export interface Call {
  /** What was typed. */
  readonly words: readonly Word[];
  /** {@link words} without quotes. */
  readonly texts: readonly string[];
  readonly out: Output;
  /** Whether {@link out} is a file or a program that the line names. */
  readonly isRedirected: boolean;
  readonly signal: AbortSignal;
}

/** A command of the shell: dispatch, abbreviations, help and completion are made from its rows. */
export interface ShellCommand {
  /** The name, and other names that mean the same. */
  readonly names: readonly [name: string, ...others: string[]];
  /** The arguments, for the usage. */
  readonly usage: string;
  /** One line that says what it does. */
  readonly summary: string;
  /** Further lines of its help. */
  readonly details?: string;
  readonly group: Group;
  /** The least and the most words it takes. */
  readonly takes: readonly [least: number, most: number];
  /** What the words name; the last one also stands for all after it. */
  readonly completes?: readonly ArgumentKind[];
  /** Changes files of the server: listings are out of date afterwards. */
  readonly changes?: true;
  /** Writes text that may go to a file or a program. */
  readonly writes?: true;
  /** May run in the background, on a connection of its own. */
  readonly background?: true;
  /** Whether a line with these words must not be kept in the history. */
  readonly isSecret?: (words: readonly string[]) => boolean;
  readonly run: (context: ShellContext, call: Call) => Promise<void> | void;
}

/** The groups of the help, in their order. */
export const GROUPS = ["session", "directories", "transfers", "files", "settings", "shell"] as const;

/** A group of the help. */
export type Group = typeof GROUPS[number];
