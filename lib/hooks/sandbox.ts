/**
 * Where hooks run: a thread without permissions, or a process without any.
 *
 * @module
 */

import guard from "./guard.js" with { type: "text" };
import inside from "./inside.js" with { type: "text" };
import realm from "./realm.js" with { type: "text" };
import { messageOf } from "../net/message_of.ts";
import type { ToSandbox } from "./messages.ts";

/** A place where hooks run. */
export interface Sandbox {
  /** Whether its memory is part of that of this process. */
  readonly isInside: boolean;
  send(message: ToSandbox): void;
  /** Ends it: a process at once, a thread when it pauses, within a second. Nothing more comes from it. */
  end(): void;
  /** Resolves when it has ended. */
  readonly over: Promise<void>;
}

/** What a sandbox reports. */
export interface SandboxListener {
  /** Not trusted. */
  readonly onMessage: (data: unknown) => void;
  /** It has ended by itself. */
  readonly onDeath: (reason: string) => void;
}

/** How a process is started. */
export interface SandboxProcess {
  /** The path of the runtime, `deno`. */
  readonly program: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** Makes a sandbox that may have so many bytes of memory, as far as this can be set. */
export type MakeSandbox = (listener: SandboxListener, memory: number) => Sandbox;

const MODULE = moduleOf(`const REALM = ${JSON.stringify(realm)};\n${inside}`);

/**
 * Starts a thread. The runtime must have been started with `--unstable-worker-options`: without, it ends the process
 * and says so.
 */
export function startThread({ onMessage, onDeath }: SandboxListener): Sandbox {
  // The types of the program have no worker with permissions.
  const options = { type: "module", name: "hooks", deno: { permissions: "none" } } as WorkerOptions;
  const worker = new Worker(MODULE, options);
  let ended = false;
  worker.addEventListener("message", ({ data }) => ended || onMessage(data));
  worker.addEventListener("messageerror", () => ended || onMessage(undefined));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    if (!ended) onDeath(event.message.replace(/^Uncaught /, ""));
  });
  return {
    isInside: true,
    over: Promise.resolve(),
    send: (message) => worker.postMessage(message),
    end: () => {
      ended = true;
      worker.terminate();
    },
  };
}

/** The longest line that a process sends, and what of its standard error is shown, in characters. */
const MOST_LINE = 64 * 1024;
const MOST_ERROR = 500;

/** Makes sandboxes of processes. */
export function processesOf({ program, ...identity }: SandboxProcess): MakeSandbox {
  return ({ onMessage, onDeath }, memory) => {
    const child = new Deno.Command(program, {
      ...identity,
      args: [
        ...["run", "--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm"],
        moduleOf(guard),
      ],
      clearEnv: true,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      cwd: "/",
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    // It may have ended, which is reported elsewhere.
    const write = (message: unknown) => {
      writer.write(encoder.encode(`${JSON.stringify(message)}\n`)).catch(() => {});
    };
    write({ module: MODULE, memory });
    let ended = false;
    const kill = () => {
      ended = true;
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    const reading = readLines(child.stdout, (line) => {
      if (ended) return;
      onMessage(line);
    });
    const errors = lastOf(child.stderr);
    const over = Promise.allSettled([reading, errors, child.status]).then(([, said, status]) => {
      if (ended) return;
      ended = true;
      const code = status.status === "fulfilled" ? status.value.signal ?? `status ${status.value.code}` : "an error";
      const words = said.status === "fulfilled" && said.value !== "" ? `: ${said.value}` : "";
      onDeath(`its process ended with ${code}${words}`);
    });
    return {
      isInside: false,
      over,
      send: write,
      end: () => {
        kill();
        void writer.abort().catch(() => {});
      },
    };
  };
}

const encoder = new TextEncoder();

function moduleOf(source: string): string {
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(source)}`;
}

/** Passes on each line as JSON; `undefined` for one that is none, or too long, after which nothing more is read. */
async function readLines(stream: ReadableStream<Uint8Array>, take: (value: unknown) => void): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) take(parsed(line));
    if (text.length > MOST_LINE) return take(undefined);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function lastOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of stream) text = (text + decoder.decode(chunk, { stream: true })).slice(-MOST_ERROR);
  } catch (error) {
    return messageOf(error);
  }
  return text.replace(/\p{Cc}+/gu, " ").trim();
}
