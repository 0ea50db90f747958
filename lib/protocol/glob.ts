/**
 * File-name patterns as a shell has them: `*`, `?`, `[a-z]`, `[!a-z]`, `{one,two}`, and a backslash before what is meant literally.
 * Patterns come from clients, so the work is bounded, whatever the pattern.
 *
 * @module
 */

/** From this many opening braces on, braces are ordinary characters. */
const MOST_BRACES = 16;
/** From this many alternatives on, too. */
const MOST_ALTERNATIVES = 64;

/** Matches one character (a code point) of a name, or any run of them. */
type Token =
  | { readonly kind: "run" }
  | { readonly kind: "any" }
  | { readonly kind: "character"; readonly code: number }
  | { readonly kind: "set"; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] };

/** A set and where its closing bracket stands. */
interface ParsedSet {
  readonly token: Token;
  readonly end: number;
}

/** Whether the text has a character that means something in a pattern. A file of that very name should be looked for first. */
export function hasGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/**
 * Compiles a pattern for single names, without slashes. A name that begins with a dot matches only when the pattern begins with one, as
 * in a shell. Upper and lower case differ.
 */
export function compileGlob(pattern: string): (name: string) => boolean {
  const alternatives = expandBraces(pattern).map(parseTokens);
  return (name) => alternatives.some((tokens) => matches(tokens, name));
}

/** `a{b,c}d` to `abd` and `acd`; the pattern alone when that would be too many. */
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

/** The pattern once for each alternative of its first group in braces; `undefined` when it has none with a comma. */
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

function parseTokens(pattern: string): readonly Token[] {
  const characters = [...pattern];
  const tokens: Token[] = [];
  // Without this, a pattern of nothing but opening brackets would be searched to its end for each of them.
  let setsMayClose = true;
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? "";
    if (character === "*") {
      if (tokens.at(-1)?.kind !== "run") tokens.push({ kind: "run" });
    } else if (character === "?") {
      tokens.push({ kind: "any" });
    } else if (character === "[") {
      const set: ParsedSet | undefined = setsMayClose ? parseSet(characters, index) : undefined;
      setsMayClose = set !== undefined;
      tokens.push(set?.token ?? literal(character));
      index = set?.end ?? index;
    } else if (character === "\\" && index + 1 < characters.length) {
      tokens.push(literal(characters[++index] ?? ""));
    } else {
      tokens.push(literal(character));
    }
  }
  return tokens;
}

function literal(character: string): Token {
  return { kind: "character", code: character.codePointAt(0) ?? 0 };
}

/** The set that opens at `open`; `undefined` when no bracket closes it, and the opening one is then an ordinary character. */
function parseSet(characters: readonly string[], open: number): ParsedSet | undefined {
  let index = open + 1;
  const negated = characters[index] === "!" || characters[index] === "^";
  if (negated) index++;
  const first = index;
  const ranges: [number, number][] = [];
  for (; index < characters.length; index++) {
    // A closing bracket in the first place is a member.
    if (characters[index] === "]" && index > first) return { token: { kind: "set", negated, ranges }, end: index };
    if (characters[index] === "\\" && index + 1 < characters.length) index++;
    const low = characters[index]?.codePointAt(0) ?? 0;
    const hasRange = characters[index + 1] === "-" && index + 2 < characters.length && characters[index + 2] !== "]";
    if (hasRange) index += 2;
    ranges.push([low, characters[index]?.codePointAt(0) ?? low]);
  }
  return undefined;
}

/** Goes back to the latest run only, which is enough: at most tokens × characters steps. */
function matches(tokens: readonly Token[], name: string): boolean {
  const [head] = tokens;
  if (name.startsWith(".") && !(head?.kind === "character" && head.code === 0x2e)) return false;
  let at = 0;
  let token = 0;
  let runToken = -1;
  let runAt = 0;
  while (at < name.length) {
    const current = tokens[token];
    const code = name.codePointAt(at) ?? 0;
    if (current?.kind === "run") {
      runToken = token++;
      runAt = at;
    } else if (current !== undefined && accepts(current, code)) {
      token++;
      at += widthOf(code);
    } else if (runToken !== -1) {
      token = runToken + 1;
      runAt += widthOf(name.codePointAt(runAt) ?? 0);
      at = runAt;
    } else return false;
  }
  if (tokens[token]?.kind === "run") token++;
  return token === tokens.length;
}

function accepts(token: Token, code: number): boolean {
  switch (token.kind) {
    case "run":
    case "any":
      return true;
    case "character":
      return token.code === code;
    case "set":
      return token.ranges.some(([low, high]) => code >= low && code <= high) !== token.negated;
  }
}

/** UTF-16 units of a code point. */
function widthOf(code: number): number {
  return code > 0xffff ? 2 : 1;
}
