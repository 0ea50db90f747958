/**
 * File-name patterns as in a shell: `*`, `?`, `[a-z]`, `[!a-z]`, `{one,two}`, and a backslash before a literal
 * character. Patterns come from clients, so the work is bounded, whatever the pattern.
 *
 * @module
 */

import { codeOf, type CodeSet, isIn, type ParsedSet, parseSet } from "./glob_set.ts";

/**
 * The default limit for UTF-16 units of a pattern: no name is longer, and braces only make patterns longer than what
 * they match.
 */
const LONGEST = 255;
/** From this many opening braces on, braces are ordinary characters. */
const MOST_BRACES = 16;
/** The same applies from this many alternatives on. */
const MOST_ALTERNATIVES = 64;
/** The most tokens of all alternatives together. */
const MOST_TOKENS = 4096;
/** The most steps for one name: about a millisecond. Ordinary patterns take a few per character of the name. */
const MOST_STEPS = 100_000;

/** Tokens that are not code points; lower values are sets, {@link FIRST_SET} the first. */
const RUN = -1;
const ANY = -2;
const FIRST_SET = -3;
const DOT = 0x2e;

/**
 * Whether the text contains a special character of patterns. A file with exactly that name should be looked for first.
 */
export function hasGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** The options of {@link compileGlob}. */
export interface GlobOptions {
  /**
   * The most UTF-16 units of the pattern.
   *
   * @default 255
   */
  readonly longest?: number;
  /**
   * Whether `*` and `?` match a dot at the beginning, too: what refuses names must not be passed by a dot.
   *
   * @default false
   */
  readonly matchesDots?: boolean;
}

/**
 * Compiles a pattern for single names, without slashes. A name that begins with a dot only matches a pattern that
 * begins with one, as in a shell. Case matters.
 *
 * @throws {RangeError} if the pattern is too long, or expands to too many.
 */
export function compileGlob(pattern: string, { longest = LONGEST, matchesDots = false }: GlobOptions = {}): Glob {
  if (pattern.length > longest) throw new RangeError(`Pattern has more than ${longest} characters`);
  return new Glob(expandBraces(pattern), matchesDots);
}

/** A compiled pattern; created by {@link compileGlob}. */
export class Glob {
  /** Each a sequence of code points, {@link RUN}, {@link ANY} and sets. */
  readonly #alternatives: readonly Int32Array[];
  readonly #sets: readonly CodeSet[];
  readonly #matchesDots: boolean;
  #steps = 0;

  /** Takes patterns without braces, one of which must match. @throws {RangeError} if they are too many together. */
  constructor(patterns: readonly string[], matchesDots = false) {
    this.#matchesDots = matchesDots;
    const sets = new SetTable();
    let left = MOST_TOKENS;
    this.#alternatives = patterns.map((pattern) => {
      const tokens = parseTokens(pattern, sets);
      left -= tokens.length;
      if (left < 0) throw new RangeError(`Pattern has more than ${MOST_TOKENS} parts`);
      return tokens;
    });
    this.#sets = sets.sets;
  }

  /** Steps taken for all names so far, about ten nanoseconds each. */
  get steps(): number {
    return this.#steps;
  }

  /** Whether a name matches. @throws {RangeError} if it would take too long to find out. */
  matches(name: string): boolean {
    const budget = this.#steps + MOST_STEPS;
    return this.#alternatives.some((tokens) => this.#matches(tokens, name, budget));
  }

  /** Backtracks to the latest run only, which is enough: at most tokens × characters steps, plus those of sets. */
  #matches(tokens: Int32Array, name: string, budget: number): boolean {
    if (!this.#matchesDots && name.startsWith(".") && tokens[0] !== DOT) return false;
    let at = 0;
    let index = 0;
    let runIndex = -1;
    let runAt = 0;
    while (at < name.length) {
      if (++this.#steps > budget) throw new RangeError("Pattern takes too many steps");
      const token = tokens[index];
      const code = name.codePointAt(at) ?? 0;
      if (token === RUN) {
        runIndex = index++;
        runAt = at;
      } else if (token !== undefined && this.#accepts(token, code)) {
        index++;
        at += widthOf(code);
      } else if (runIndex !== -1) {
        index = runIndex + 1;
        runAt += widthOf(name.codePointAt(runAt) ?? 0);
        at = runAt;
      } else return false;
    }
    if (tokens[index] === RUN) index++;
    return index === tokens.length;
  }

  #accepts(token: number, code: number): boolean {
    if (token >= 0) return token === code;
    if (token === ANY) return true;
    const set = this.#sets[FIRST_SET - token];
    // The cost of finding the range: at most eight halvings.
    this.#steps += 4;
    return set !== undefined && isIn(set, code);
  }
}

/** The sets of a pattern, each stored once however many alternatives contain it. */
class SetTable {
  readonly sets: CodeSet[] = [];
  readonly #tokens = new Map<string, number>();

  /** The token for `set`, written as `source`. */
  tokenOf(source: string, set: CodeSet): number {
    let token = this.#tokens.get(source);
    if (token === undefined) {
      token = FIRST_SET - this.sets.length;
      this.#tokens.set(source, token);
      this.sets.push(set);
    }
    return token;
  }
}

/** `a{b,c}d` to `abd` and `acd`; only the pattern itself if that would be too many. */
function expandBraces(pattern: string): readonly string[] {
  if (!pattern.includes("{") || pattern.split("{", MOST_BRACES + 1).length > MOST_BRACES) return [pattern];
  const done: string[] = [];
  const waiting = [pattern];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const parts = splitBraces(next);
    if (parts === undefined) done.push(next);
    else waiting.push(...parts.reverse());
    if (done.length + waiting.length > MOST_ALTERNATIVES) return [pattern];
  }
  return done;
}

/** The pattern once per alternative of its first group in braces; `undefined` if there is no group with a comma. */
function splitBraces(pattern: string): string[] | undefined {
  let open = -1;
  let depth = 0;
  let cuts: number[] = [];
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index];
    if (character === "\\") index++;
    else if (character === "{" && depth++ === 0) {
      open = index;
      cuts = [];
    } else if (character === "," && depth === 1) cuts.push(index);
    else if (character === "}" && depth > 0 && --depth === 0 && cuts.length > 0) {
      const ends = [...cuts, index];
      const starts = [open, ...cuts];
      return ends.map((end, part) =>
        pattern.slice(0, open) + pattern.slice((starts[part] ?? open) + 1, end) + pattern.slice(index + 1)
      );
    }
  }
  return undefined;
}

function parseTokens(pattern: string, sets: SetTable): Int32Array {
  const characters = [...pattern];
  const tokens: number[] = [];
  // Without this, a pattern of nothing but opening brackets would be searched to its end for each of them.
  let setsMayClose = true;
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? "";
    if (character === "*") {
      if (tokens.at(-1) !== RUN) tokens.push(RUN);
    } else if (character === "?") {
      tokens.push(ANY);
    } else if (character === "[") {
      const parsed: ParsedSet | undefined = setsMayClose ? parseSet(characters, index) : undefined;
      setsMayClose = parsed !== undefined;
      if (parsed) tokens.push(sets.tokenOf(characters.slice(index, parsed.end).join(""), parsed.set));
      else tokens.push(codeOf(character));
      index = parsed?.end ?? index;
    } else if (character === "\\" && index + 1 < characters.length) {
      tokens.push(codeOf(characters[++index]));
    } else {
      tokens.push(codeOf(character));
    }
  }
  return Int32Array.from(tokens);
}

/** UTF-16 units of a code point. */
function widthOf(code: number): number {
  return code > 0xffff ? 2 : 1;
}
