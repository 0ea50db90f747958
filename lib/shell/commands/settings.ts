/**
 * Settings of the shell.
 *
 * @module
 */

import type { Call } from "../command.ts";
import type { ShellContext } from "../context.ts";
import { switched } from "./arguments.ts";

/** `passive`: a session goes on with the other kind of data connections at once. */
export function passive(context: ShellContext, { texts: [text] }: Call): void {
  const { settings, person } = context;
  settings.mode = switched(text, settings.mode === "passive") ? "passive" : "active";
  const who = settings.mode === "passive" ? "this side" : "the server";
  person.note(`Passive mode is ${settings.mode === "passive" ? "on" : "off"}: ${who} opens the data connections`);
}

/** `ascii` and `binary`. */
export function type(ascii: boolean): (context: ShellContext) => void {
  return ({ settings, person }) => {
    settings.ascii = ascii;
    person.note(ascii ? "Transfers convert line ends" : "Transfers leave every byte as it is");
  };
}

/** `hash`. */
export function hash({ settings, person }: ShellContext, { texts: [text] }: Call): void {
  settings.hash = switched(text, settings.hash);
  person.note(settings.hash ? "A # is shown for each 64 KiB" : "A bar is shown for each transfer");
}

/** `prompt`. */
export function prompt({ settings, person }: ShellContext, { texts: [text] }: Call): void {
  settings.prompt = switched(text, settings.prompt);
  person.note(settings.prompt ? "Commands for several files ask about each" : "Commands for several files do not ask");
}
