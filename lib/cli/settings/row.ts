/**
 * One row of the table of settings.
 *
 * @module
 */

import { CAPS, type Caps } from "../../options/abuse.ts";
import { DEFAULT_OPTIONS } from "../../options/defaults.ts";
import type { ServerOptions } from "../../options.ts";
import type { Kind } from "./kinds.ts";

/** One setting. `Filled`: where it is not given, it has the value of `fallback`. */
export interface Setting<Name extends string, T, Filled extends boolean> extends Kind<T> {
  /** That of the field in the configuration file. */
  readonly name: Name;
  /** The placeholder for the value in `--help`; `undefined` for a switch. */
  readonly value: string | undefined;
  /** For `--help`. */
  readonly help: string;
  /** The default; `undefined` if there is none, or `help` describes it. */
  readonly fallback: T | undefined;
  /** Whether it has the value of {@link fallback} where it is not given. */
  readonly filled: Filled;
  /** Whether it is the option of the same name of a server. */
  readonly isOption: boolean;
}

/** Limits in {@link CAPS} apply to loopback as well where they are given, even with the value of the default. */
type Filled<N> = N extends Exclude<keyof typeof DEFAULT_OPTIONS, Caps> ? true : false;

/** A setting that is the option of the same name of a server, with the same default. */
export function option<const N extends keyof ServerOptions>(
  name: N,
  value: string | undefined,
  help: string,
  kind: Kind<NonNullable<ServerOptions[N]>>,
): Setting<N, NonNullable<ServerOptions[N]>, Filled<N>> {
  const defaults: { readonly [K in keyof ServerOptions]?: NonNullable<ServerOptions[K]> } = DEFAULT_OPTIONS;
  const filled = Object.hasOwn(defaults, name) && !CAPS.some((each) => each === name);
  // `Filled` says the same of each name.
  return { name, value, help, fallback: defaults[name], filled: filled as Filled<N>, isOption: true, ...kind };
}

/** A setting that only the program knows. */
export function setting<const N extends string, T>(
  name: N,
  value: string | undefined,
  help: string,
  kind: Kind<T>,
): Setting<N, T, false>;
export function setting<const N extends string, T>(
  name: N,
  value: string | undefined,
  help: string,
  kind: Kind<T>,
  fallback: NoInfer<T>,
): Setting<N, T, true>;
export function setting<T>(
  ...[name, value, help, kind, fallback]: [string, string | undefined, string, Kind<T>, T?]
): Setting<string, T, boolean> {
  return { name, value, help, fallback, filled: fallback !== undefined, isOption: false, ...kind };
}
