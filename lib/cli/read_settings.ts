/**
 * Where settings come from: flags before environment variables before the configuration file.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { flagOf, SETTING_NAMES, type SettingName, SETTINGS, type Settings, variableOf } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/** What was given as text, and how to name it in a message. */
interface Given {
  readonly text: string;
  readonly source: string;
}

/** Access to what is outside the command line. */
export interface SettingSources {
  /** Value of an environment variable; `undefined` too where reading it is not permitted. */
  readonly env: (name: string) => string | undefined;
  /** Content of the configuration file. Rejects when it cannot be read. */
  readonly readFile: (path: string) => Promise<string>;
}

/** Reads and checks all settings. @throws {UsageError} that names the flag, variable or file. */
export async function readSettings(args: readonly string[], sources: SettingSources): Promise<Settings> {
  const flags = readFlags(args);
  const config = flags.get("config") ?? sources.env("DENOFTPD_CONFIG");
  const file = config === undefined ? new Map<SettingName, Given>() : await readConfig(config, sources);
  const settings: Settings = {};
  for (const name of SETTING_NAMES) {
    const given = fromFlags(flags, name) ?? fromEnvironment(sources, name) ?? file.get(name);
    if (given) assign(settings, name, given);
  }
  return settings;
}

function assign<N extends SettingName>(settings: Settings, name: N, { text, source }: Given): void {
  const { parse } = SETTINGS[name];
  try {
    settings[name] = parse(text) as NonNullable<Settings[N]>;
  } catch (error) {
    throw new UsageError(`${source} ${error instanceof Error ? error.message : "is wrong"}, not "${text}"`);
  }
}

/** The flags that were given, by their name without dashes. */
function readFlags(args: readonly string[]): Map<string, string> {
  const switches = SETTING_NAMES.filter((name) => SETTINGS[name].value === undefined).map(flagOf);
  const values = SETTING_NAMES.filter((name) => SETTINGS[name].value !== undefined).map(flagOf);
  const parsed = parseArgs(args, {
    string: [...values, "config"],
    boolean: switches,
    unknown: (argument) => {
      throw new UsageError(
        argument.startsWith("-")
          ? `Unknown flag "${argument}", see denoftpd help serve`
          : `Unexpected argument "${argument}"`,
      );
    },
  });
  const flags = new Map<string, string>();
  for (const name of [...values, "config"]) {
    const value: unknown = parsed[name];
    if (Array.isArray(value)) throw new UsageError(`Flag "--${name}" is given twice`);
    if (value === "") throw new UsageError(`Flag "--${name}" needs a value`);
    if (typeof value === "string") flags.set(name, value);
  }
  for (const name of switches) if (parsed[name] === true) flags.set(name, "true");
  return flags;
}

function fromFlags(flags: ReadonlyMap<string, string>, name: SettingName): Given | undefined {
  const text = flags.get(flagOf(name));
  return text === undefined ? undefined : { text, source: `Flag "--${flagOf(name)}"` };
}

function fromEnvironment({ env }: SettingSources, name: SettingName): Given | undefined {
  const text = env(variableOf(name));
  return text === undefined ? undefined : { text, source: `Environment variable "${variableOf(name)}"` };
}

async function readConfig(path: string, { readFile }: SettingSources): Promise<Map<SettingName, Given>> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path));
  } catch (error) {
    throw new UsageError(`Cannot read configuration file "${path}": ${error instanceof Error ? error.message : error}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UsageError(`Configuration file "${path}" must be one JSON object`);
  }
  const settings = new Map<SettingName, Given>();
  for (const [key, value] of Object.entries(content)) {
    if (key === "$schema") continue;
    const name = SETTING_NAMES.find((each) => each === key);
    const source = `Field "${key}" of configuration file "${path}"`;
    if (name === undefined) throw new UsageError(`${source} is not known`);
    if (!["string", "number", "boolean"].includes(typeof value)) {
      throw new UsageError(`${source} must be text, a number, true or false`);
    }
    settings.set(name, { text: String(value), source });
  }
  return settings;
}
