// @ts-nocheck -- checking a data URL costs seconds at the start of a sandbox under "deno test"
/**
 * What runs in a sandbox around the hooks: it takes away what they have no use for, and lets them into a realm of their
 * own, a context of V8 in which they can run for a limited time only.
 *
 * The limit has to be here. Nothing outside ends a thread that runs for ever: `terminate` of a worker has no effect on a
 * loop (Deno 2.9.6), but `node:vm` can interrupt what it runs, and what a promise of it goes on with as well, where the
 * context has its own queue for that (`microtaskMode`). So hooks run in nothing else, timers included.
 *
 * What keeps hooks from files, network and environment are the permissions that the sandbox was started without. What is
 * taken away here are the ways round them that need no permission: modules of npm are fetched and cached without one
 * (Deno 2.9.6), what is printed goes where the server prints, and the cache of the web is on disk.
 */

import { createContext, Script } from "node:vm";

/** Milliseconds for which hooks may run without a pause: so long nothing else of theirs is answered. */
const STRETCH = 1_000;
const MOST_LINES = 50; // Of the console, in a second.
const { memoryUsage } = globalThis.Deno;
const { clearTimeout, setInterval, setTimeout } = globalThis;
const send = globalThis.postMessage.bind(globalThis);

const LENT = {
  ...{ URL, URLSearchParams, TextEncoder, TextDecoder, structuredClone, atob, btoa },
  now: performance.now.bind(performance),
  randomUUID: crypto.randomUUID.bind(crypto),
  getRandomValues: crypto.getRandomValues.bind(crypto),
};

/** Code that is made of text could import again what was taken out of the module. */
function lockCode() {
  const refuse = () => {
    throw new EvalError("Hooks cannot make code of text");
  };
  const kinds = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (const kind of kinds) {
    Object.defineProperty(Object.getPrototypeOf(kind), "constructor", { value: refuse, writable: false });
  }
}

const TAKEN = [
  ...["Deno", "process", "Buffer", "global", "setImmediate", "clearImmediate", "eval", "Function", "importScripts"],
  ...["Worker", "BroadcastChannel", "postMessage", "close", "getParent", "prompt", "alert", "confirm"],
  ...["caches", "Cache", "CacheStorage", "localStorage", "sessionStorage", "Storage", "navigator"],
  ...["setTimeout", "setInterval", "fetch", "WebSocket", "EventSource"],
];

/** Lets hooks in. `realm`: the script that makes the function through which they are entered. */
function begin(realm) {
  const context = createContext({}, {
    microtaskMode: "afterEvaluate",
    codeGeneration: { strings: false, wasm: false },
  });
  const entrance = new Script("enter()");
  let deed;
  let isOver = false;

  /** What is thrown here is not theirs, which the realm catches: they have run for too long, or too deep. */
  function interrupted(error) {
    isOver = true;
    const isLong = error?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    send({ type: "failed", message: isLong ? `they ran for ${STRETCH} ms without a pause` : "they ran too deep" });
  }

  function enter(next) {
    if (isOver) return;
    deed = next;
    try {
      entrance.runInContext(context, { timeout: STRETCH });
    } catch (error) {
      interrupted(error);
    }
  }

  const timers = new Map();
  let lines = 0;
  setInterval(() => {
    if (lines > MOST_LINES) send({ type: "console", level: "warning", text: `${lines - MOST_LINES} lines left out` });
    lines = 0;
  }, 1_000);

  const host = {
    ...LENT,
    deed: () => deed,
    send,
    /** What hooks print is for the log, and bounded. */
    print(level, text) {
      lines++;
      if (lines <= MOST_LINES) send({ type: "console", level, text });
    },
    start(id, milliseconds, repeats) {
      const timer = repeats ? setInterval(() => enter({ type: "timer", id }), milliseconds) : setTimeout(() => {
        timers.delete(id);
        enter({ type: "timer", id });
      }, milliseconds);
      timers.set(id, timer);
    },
    stop(id) {
      clearTimeout(timers.get(id));
      timers.delete(id);
    },
  };
  new Script(realm).runInContext(context)(host);

  function load(code) {
    try {
      enter({ type: "load", run: new Script(code, { filename: "hooks" }).runInContext(context) });
    } catch (error) {
      // Nothing of theirs has run: it is no program.
      send({ type: "failed", message: String(error) });
    }
  }

  globalThis.addEventListener("message", ({ data }) => {
    if (data.type === "load") return load(data.code);
    if (data.type !== "ping") return enter({ type: data.type, json: JSON.stringify(data) });
    const { heapUsed, external } = memoryUsage();
    send({ type: "pong", bytes: heapUsed + external });
  });
  // The runtime would print them where the server prints, and end the thread.
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    enter({ type: "uncaught", error: event.error });
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    enter({ type: "uncaught", error: event.reason });
  });
  lockCode();
  for (let scope = globalThis; scope && scope !== Object.prototype; scope = Object.getPrototypeOf(scope)) {
    for (const name of TAKEN) if (Object.hasOwn(scope, name)) delete scope[name];
  }
  send({ type: "hello" });
}

// The text of realm.js, which is put before all this.
begin(REALM);
