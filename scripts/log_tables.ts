/**
 * The tables of `docs/log.md`, from the types of the events and the words of the log.
 *
 * @module
 */

import { EVENT_TYPES } from "../lib/events.ts";
import { LEVELS } from "../lib/log/log.ts";
import { LOGIN_FAILURES, REFUSALS } from "../lib/log/sentences.ts";

/** Where the types are. */
const SOURCES = ["base", "session_events", "server_events"].map((name) => `lib/events/${name}.ts`);

/** A field of an event, or what it is made of. */
interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly type: string;
  readonly text: string;
}

/** An interface of the source. */
interface Shape {
  readonly name: string;
  /** The names of what it extends, without their parameters. */
  readonly bases: readonly string[];
  /** Of an event: its type. */
  readonly type: string | undefined;
  readonly text: string;
  readonly fields: readonly Field[];
}

const INTERFACE =
  /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport interface (\w+)(?:<[^{]*>)?(?: extends ([^{]*))? \{(?:\n([^]*?)\n)?\}/g;
const FIELD = /\/\*\*((?:(?!\*\/)[^])*)\*\/\n {2}readonly (\w+)(\?)?: ([^;]*);/g;
const BARE_FIELD = /^ {2}readonly (\w+)(\?)?: ([^;]*);/gm;
/** In every record, or made of other fields: described in the text. */
const EVERYWHERE = new Set(["Timed", "Typed", "Actor", "SessionEvent", "Partial"]);

/** The sections about the events, one after the other. */
export async function eventTables(): Promise<string> {
  const sources = await Promise.all(SOURCES.map((path) => Deno.readTextFile(path)));
  const shapes = sources.flatMap(shapesOf);
  const unions = new Map(sources.flatMap(unionsOf));
  const byName = new Map(shapes.map((shape) => [shape.name, shape]));
  return EVENT_TYPES.map((type) => {
    const shape = shapes.find((each) => each.type === type);
    if (!shape) throw new Error(`No interface for the event "${type}"`);
    const rows = fieldsOf(shape, byName).map(({ name, optional, type, text }) =>
      `| \`${name}\` | ${cell(unions.get(type) ?? type)} | ${optional ? "not always" : "always"} | ${cell(text)} |`
    );
    const fields = rows.length === 0
      ? []
      : ["| field | type | there | what it is |", "| --- | --- | --- | --- |", ...rows, ""];
    return [`### \`${type}\``, "", `${levelOf(type)} ${shape.text}`, "", ...fields].join("\n");
  }).join("\n").trimEnd().replace(/`(\w+)`/g, (whole, name) => {
    const type = byName.get(name)?.type;
    return type === undefined ? whole : `\`${type}\``;
  });
}

/** The values of the types that are one of several words; reasons have tables of their own. */
function unionsOf(source: string): [name: string, values: string][] {
  return Array.from(source.matchAll(/export type (\w+) =\s*((?:\|? *"\w+"\s*)+);/g), ([, name = "", values = ""]) => {
    const words = Array.from(values.matchAll(/"\w+"/g), ([word]) => word).join(" | ");
    return [name, name === "LoginFailure" || name === "RefusalReason" ? "one of the reasons above" : words];
  });
}

/** The reasons of `login` and of `refused`, with their words in the text form. */
export function reasonTables(): string {
  const tables: [event: string, words: Readonly<Record<string, string>>][] = [
    ["login", LOGIN_FAILURES],
    ["refused", REFUSALS],
  ];
  return tables.flatMap(([event, words]) => [
    `| \`reason\` of \`${event}\` | in the text |`,
    "| --- | --- |",
    ...Object.entries(words).map(([reason, text]) => `| \`${reason}\` | ${text} |`),
    "",
  ]).join("\n").trimEnd();
}

function levelOf(type: typeof EVENT_TYPES[number]): string {
  if (type === "problem" || type === "notice") return "Level: its own.";
  if (type === "login") return "Level: `info`, or `warning` if it failed.";
  if (type === "stopped") return "Level: `info`, or `error` after one.";
  return `Level: \`${LEVELS[type]}\`.`;
}

function shapesOf(source: string): Shape[] {
  return Array.from(source.matchAll(INTERFACE), ([, text = "", name = "", extended = "", body = ""]) => ({
    name,
    bases: extended.split(/,(?![^<]*>)/).map((base) => base.trim().replace(/<.*/, "")).filter((base) => base !== ""),
    type: /Typed<"(\w+)">/.exec(extended)?.[1],
    text: plain(text),
    fields: fieldsIn(body),
  }));
}

function fieldsIn(body: string): Field[] {
  const described = new Map(Array.from(body.matchAll(FIELD), ([, text = "", name = ""]) => [name, plain(text)]));
  return Array.from(body.matchAll(BARE_FIELD), ([, name = "", optional, type = ""]) => ({
    name,
    optional: optional !== undefined,
    type: type.replace(/readonly /g, "").replace(/^\|/, "").replace(/\s+/g, " ").replace(/^unknown$/, "text").trim(),
    text: described.get(name) ?? "",
  }));
}

function fieldsOf(shape: Shape, byName: ReadonlyMap<string, Shape>): readonly Field[] {
  const inherited = shape.bases.filter((base) => !EVERYWHERE.has(base)).flatMap((base) => {
    const found = byName.get(base);
    return found ? fieldsOf(found, byName) : [];
  });
  const own = shape.fields.filter(({ name }) => name !== "level" && name !== "message");
  return [...own, ...inherited];
}

/** A comment as a line of text, without its references. */
function plain(comment: string): string {
  return comment.replace(/^\s*\* ?/gm, " ").replace(/\s+/g, " ").replace(
    /\{@link (?:[\w.]+ \| )?([^}]*)\}/g,
    "`$1`",
  ).trim();
}

/** A `|` would end the cell. */
const cell = (text: string): string => text.replaceAll("|", "\\|");
