/**
 * The sources of settings: flags before environment variables before the configuration file.
 *
 * @module
 */

import { isObject } from "../../auth/file/values.ts";
import { parseJsonText } from "../../net/json_text.ts";
import { didYouMean } from "../../net/similar.ts";
import { messageOf } from "../../net/message_of.ts";
import * as v from "valibot";
import { type Flag, flagNameOf, type GivenFlags, readFlags } from "../flags.ts";
import {
  CONFIG_VARIABLE,
  fallbackOf,
  type GivenSettings,
  SETTING_NAMES,
  type SettingName,
  SETTINGS,
  type Settings,
  variableOf,
  withDefaults,
} from "./table.ts";
import { passivePortsOf } from "./cluster_rows.ts";
import { type Kind, parseFrom } from "./kinds.ts";
import { UsageError } from "../usage_error.ts";

/** The flags of `serve`: the configuration file, and each setting. */
export const SERVE_FLAGS: readonly Flag[] = [
  {
    name: "config",
    value: "FILE",
    help: "JSON file with these settings; --passive-ports is called passivePorts there",
  },
  ...SETTING_NAMES.map((name) => {
    const { value, help, bare, repeats }: Pick<Flag, "value" | "help" | "bare" | "repeats"> = SETTINGS[name];
    return {
      ...{ name: flagNameOf(name), value, help, bare, repeats },
      // For the usage alone.
      get fallback() {
        return fallbackOf(name);
      },
    };
  }),
];

/** A value given as text, and its source. */
export interface Given {
  readonly text: string;
  /** Names the source in a message. */
  readonly source: string;
  readonly origin: "flag" | "environment" | "file";
}

/** Access to the sources other than the command line. */
export interface SettingSources {
  /** Value of an environment variable; `undefined` also if reading it is not permitted. */
  readonly env: (name: string) => string | undefined;
  /** The names of all environment variables; none if that is not permitted. */
  readonly envNames?: () => readonly string[];
  /** Content of the configuration file. Rejects if it cannot be read. */
  readonly readFile: (path: string) => Promise<string>;
}

/** Reads and checks all settings. @throws {UsageError} naming the flag, variable or file. */
export async function readSettings(args: readonly string[], sources: SettingSources): Promise<Settings> {
  return parseGathered(await gatherSettings(args, sources));
}

/** The given values, not checked yet. */
export interface Gathered {
  /** The configuration file, if there is one. */
  readonly config: Given | undefined;
  /** Each setting from the source with the highest precedence. */
  readonly settings: ReadonlyMap<SettingName, Given>;
  /** What was given and has no effect, one line each. */
  readonly warnings: readonly string[];
}

/** Finds the given value of each setting. @throws {UsageError} as {@link readSettings}, except for invalid values. */
export async function gatherSettings(args: readonly string[], sources: SettingSources): Promise<Gathered> {
  return await gatherFrom(readFlags(args, { command: "serve", flags: SERVE_FLAGS }), sources);
}

/** {@link gatherSettings} for a command that has read flags of its own together with {@link SERVE_FLAGS}. */
export async function gatherFrom(flags: GivenFlags<Flag>, sources: SettingSources): Promise<Gathered> {
  const config = configFile(flags, sources);
  const file = config === undefined ? undefined : await readConfig(config.text, sources);
  const found = SETTING_NAMES.flatMap((name) => {
    const given = fromFlags(flags, name) ?? fromEnvironment(sources, name) ?? file?.get(name);
    return given ? [[name, given] as const] : [];
  });
  return { config, settings: new Map(found), warnings: misspelled(sources) };
}

function configFile(flags: GivenFlags<Flag>, sources: SettingSources): Given | undefined {
  const flag = flags.text("config");
  if (flag !== undefined) return { text: flag, source: 'Flag "--config"', origin: "flag" };
  const text = variable(CONFIG_VARIABLE, sources);
  if (text === undefined) return undefined;
  return { text, source: `Environment variable "${CONFIG_VARIABLE}"`, origin: "environment" };
}

/**
 * The parsed values of {@link gatherSettings}, and the defaults of the others.
 *
 * @throws {UsageError} naming the source of an invalid one, or the flags that contradict each other.
 */
export function parseGathered(gathered: Gathered): Settings {
  const parsed = Array.from(
    gathered.settings,
    ([name, { source, text }]) => [name, parseFrom<unknown>(source, text, SETTINGS[name])],
  );
  // Each was parsed by the row of its name.
  const given = Object.fromEntries(parsed) as GivenSettings;
  return withDefaults({ ...given, ...passivePortsOf(given) });
}

function fromFlags(flags: GivenFlags<Flag>, name: SettingName): Given | undefined {
  const flag = flagNameOf(name);
  const { value }: Pick<Flag, "value"> = SETTINGS[name];
  const text = value !== undefined ? flags.texts(flag).join(" ") || undefined : flags.isOn(flag) ? "true" : undefined;
  return text === undefined ? undefined : { text, source: `Flag "--${flag}"`, origin: "flag" };
}

function fromEnvironment(sources: SettingSources, name: SettingName): Given | undefined {
  const text = variable(variableOf(name), sources);
  return text === undefined
    ? undefined
    : { text, source: `Environment variable "${variableOf(name)}"`, origin: "environment" };
}

/** The value of a variable. An empty one is not set, as people who write `NAME=` in a file of variables mean it. */
function variable(name: string, { env }: SettingSources): string | undefined {
  const text = env(name);
  return text === undefined || text === "" || isOfKubernetes(name, text) ? undefined : text;
}

/**
 * In every container of its namespace Kubernetes sets `DENOFTPD_PORT=tcp://10.96.3.7:21` for a Service that is named
 * `denoftpd`.
 */
function isOfKubernetes(name: string, text: string): boolean {
  return name === variableOf("port") && /^(tcp|udp|sctp):\/\//.test(text);
}

const OF_KUBERNETES = /_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)/;

/** A line for each variable that is probably meant to be one of ours. */
function misspelled({ envNames = () => [] }: SettingSources): string[] {
  const similar = envNames().filter((name) => /^deno_?ftpd_/i.test(name) && !OF_KUBERNETES.test(name));
  if (similar.length === 0) return [];
  const known = [CONFIG_VARIABLE, ...SETTING_NAMES.map(variableOf)];
  return similar.filter((name) => !known.includes(name)).flatMap((name) => {
    const hint = didYouMean(name, known);
    return hint === "" ? [] : [`Environment variable "${name}" has no effect${hint}`];
  });
}

async function readConfig(path: string, { readFile }: SettingSources): Promise<Map<SettingName, Given>> {
  let content: unknown;
  try {
    content = parseJsonText(await readFile(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = error instanceof Deno.errors.NotFound ? "it does not exist" : messageOf(error);
    throw new UsageError(`Cannot read configuration file "${path}": ${reason}`);
  }
  const { success, output, issues } = v.safeParse(fileSchema(), content);
  if (!success) throw new UsageError(describeIssue(issues[0], path));
  const { $schema: _, ...fields } = output;
  return new Map(
    SETTING_NAMES.filter((name) => name in fields).map((name) => {
      const source = `Field "${name}" of configuration file "${path}"`;
      const value = fields[name];
      const text = typeof value === "object" ? JSON.stringify(value) : String(value);
      return [name, { text, source, origin: "file" }];
    }),
  );
}

/** A setting in the file is whatever can be written as text: the table of settings checks it as it does flags. */
function fileSchema() {
  return v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, "must contain a JSON object"),
    v.strictObject({
      $schema: v.optional(v.unknown()),
      ...fieldsOf(({ structured }) =>
        structured
          ? v.optional(v.custom<unknown>((value) => typeof value === "object", "must be an object or a list"))
          : v.optional(v.union([v.string(), v.number(), v.boolean()], "must be a string, a number, true or false"))
      ),
    }, "is unknown"),
  );
}

function fieldsOf<T>(schemaOf: (kind: Pick<Kind<unknown>, "structured">) => T): Readonly<Record<SettingName, T>> {
  return Object.fromEntries(SETTING_NAMES.map((name) => [name, schemaOf(SETTINGS[name])])) as Record<SettingName, T>;
}

function describeIssue({ path: place, message }: v.BaseIssue<unknown>, path: string): string {
  if (place === undefined) return `Configuration file "${path}" ${message}`;
  const name = String(place[0].key);
  const known = SETTING_NAMES.some((each) => each === name);
  const hint = known ? "" : didYouMean(name, SETTING_NAMES, { otherwise: "; denoftpd help serve has all" });
  return `Field "${name}" of configuration file "${path}" ${message}${hint}`;
}
