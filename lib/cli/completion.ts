/**
 * `denoftpd completion`: scripts with which shells complete commands, flags and file names.
 *
 * @module
 */

import { runCommand } from "./command.ts";
import type { Flag } from "./flags.ts";
import type { CommandIo } from "./io.ts";
import type { ProgramCommand } from "./program_command.ts";
import { UsageError } from "./usage_error.ts";

const COMPLETION_USAGE = `Usage: denoftpd completion bash|zsh|fish

Prints a script for the shell. To have it in every session:

  bash  denoftpd completion bash > ~/.local/share/bash-completion/completions/denoftpd
  zsh   denoftpd completion zsh > a directory of $fpath, as _denoftpd
  fish  denoftpd completion fish > ~/.config/fish/completions/denoftpd.fish
`;

/** A command as the scripts need it. */
interface Completed {
  readonly name: string;
  readonly summary: string;
  readonly words: readonly string[];
  readonly flags: readonly Flag[];
}

const WRITERS: ReadonlyMap<string, (commands: readonly Completed[]) => string> = new Map([
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish],
]);

/** Runs `denoftpd completion` and resolves to its exit status: 0 printed, 2 wrong use. */
export async function runCompletion(
  args: readonly string[],
  io: CommandIo,
  commands: readonly ProgramCommand[],
): Promise<number> {
  return await runCommand(args, io, {
    usage: COMPLETION_USAGE,
    action: async () => {
      const [shell, ...rest] = args;
      const write = WRITERS.get(shell ?? "");
      if (!write || rest.length > 0) {
        throw new UsageError("Name one shell: bash, zsh or fish, see denoftpd help completion");
      }
      io.stdout(write(await completed(commands)));
      return 0;
    },
  });
}

async function completed(commands: readonly ProgramCommand[]): Promise<Completed[]> {
  const all = await Promise.all(commands.map(async ({ name, summary, words, flags }): Promise<Completed> => ({
    ...{ name, summary, words: await words?.() ?? [] },
    flags: [...await flags(), { name: "help", short: "h", help: "show the flags" }],
  })));
  const names = all.map(({ name }) => name);
  return [
    ...all,
    { name: "help", summary: "show the flags of a command", words: names, flags: [] },
    { name: "version", summary: "show the version", words: [], flags: [] },
  ];
}

/** `-o` and `--output`. */
function spellings({ name, short }: Flag): string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

function bash(commands: readonly Completed[]): string {
  const cases = commands.map(({ name, words, flags }) =>
    `    ${name})
      words=${quoted(words.join(" "))}
      flags=${quoted(flags.flatMap(spellings).join(" "))}
      values=${quoted(flags.filter(({ value }) => value !== undefined).flatMap(spellings).join(" "))}
      ;;`
  );
  return `# Completion of denoftpd for bash, made by "denoftpd completion bash".
_denoftpd() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words flags values
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W ${quoted(commands.map(({ name }) => name).join(" "))} -- "$current")
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
    *) return ;;
  esac
  # The value of a flag is a file more often than anything else: that is what is left to the shell.
  [[ " $values " == *" $previous "* ]] && return
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
  elif ((COMP_CWORD == 2)) && [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}
complete -o default -o bashdefault -F _denoftpd denoftpd
`;
}

function zsh(commands: readonly Completed[]): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, words, flags }) => {
    const specs = flags.flatMap((flag) => spellings(flag).map((spelling) => zshFlag(spelling, flag)));
    const first = words.length > 0 ? quoted(`1:word:(${words.join(" ")})`) : quoted("*:file:_files");
    return `    ${name}) _arguments -s ${
      [...specs, first, ...(words.length > 0 ? [quoted("*:file:_files")] : [])].join(" ")
    } ;;`;
  });
  return `#compdef denoftpd
# Completion of denoftpd for zsh, made by "denoftpd completion zsh".
_denoftpd() {
  local -a commands=(
${described.join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join("\n")}
  esac
}
_denoftpd "$@"
`;
}

function zshFlag(spelling: string, { value, help, repeats }: Flag): string {
  const text = help.replace(/[[\]:\\]/g, (character) => `\\${character}`);
  const argument = value === undefined ? "" : `:${value.replace(/[:\\]/g, " ")}:_files`;
  return quoted(`${repeats ? "*" : ""}${spelling}[${text}]${argument}`);
}

function fish(commands: readonly Completed[]): string {
  const lines = [
    '# Completion of denoftpd for fish, made by "denoftpd completion fish".',
    "complete -c denoftpd -n __fish_use_subcommand -f",
    ...commands.map(({ name, summary }) =>
      `complete -c denoftpd -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`
    ),
    ...commands.flatMap(({ name, words, flags }) => {
      const here = `complete -c denoftpd -n "__fish_seen_subcommand_from ${name}"`;
      return [
        ...(words.length > 0 ? [`${here} -a ${fishQuoted(words.join(" "))}`] : []),
        ...flags.map(({ name, short, value, help }) =>
          `${here} -l ${name}${short === undefined ? "" : ` -s ${short}`}${value === undefined ? "" : " -r"} -d ${
            fishQuoted(help)
          }`
        ),
      ];
    }),
  ];
  return `${lines.join("\n")}\n`;
}

/** In single quotes of bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In single quotes of fish, where a backslash escapes both. */
function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, (character) => `\\${character}`)}'`;
}
