// @ts-nocheck -- checking a data URL costs seconds at the start of a sandbox under "deno test"
/**
 * What runs in a sandbox before the hooks do: it takes away what they have no use for, loads them, and calls them.
 *
 * What keeps hooks from files, network and environment are the permissions that the sandbox was started without. What
 * is taken away here are the ways round them that need no permission: modules of npm are fetched and cached without one
 * (Deno 2.9.6), what is printed goes where the server prints, and the cache of the web is on disk.
 */

const MOST_LINES = 50; // Of the console, in a second.
const { JSON, Object, Promise, String, setInterval } = globalThis;
const { memoryUsage } = globalThis.Deno;
/** A registry warns of an import whose address it cannot see. */
const importFrom = new Function("address", "return import(address)");
const send = globalThis.postMessage.bind(globalThis);

/** Hooks of the module, by kind. */
let hooks = {};

function describe(error) {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "Something that cannot be shown was thrown";
  }
}

/** The function of a kind for a name. */
function find(kind, name) {
  const given = hooks[kind];
  if (typeof given === "function") return given;
  return given !== undefined && Object.hasOwn(given, name) ? given[name] : undefined;
}

function wantedOf(kind) {
  const given = hooks[kind];
  if (given === undefined) return undefined;
  if (typeof given === "function") return true;
  if (typeof given !== "object" || given === null) throw new TypeError(`"${kind}" must be a function or an object`);
  for (const name of Object.keys(given)) {
    if (typeof given[name] !== "function") throw new TypeError(`"${kind}.${name}" must be a function`);
  }
  return Object.keys(given);
}

function refuseImport(name) {
  throw new TypeError(`Hooks cannot import "${name}": they are one file, with types alone from elsewhere`);
}

async function load(code) {
  try {
    const { default: run } = await importFrom(`data:text/javascript;charset=utf-8,${encodeURIComponent(code)}`);
    const exported = {};
    await run(exported, refuseImport);
    hooks = Object.assign({}, exported.default ?? exported);
    const unknown = Object.keys(hooks).find((name) => !["before", "after", "events", "default"].includes(name));
    if (unknown !== undefined) throw new TypeError(`Hooks export "before", "after" and "events", not "${unknown}"`);
    const names = { before: wantedOf("before"), after: wantedOf("after"), events: wantedOf("events") };
    send({ type: "loaded", exported: names });
  } catch (error) {
    send({ type: "failed", message: describe(error) });
  }
}

async function call({ type, id, command, reply }) {
  try {
    const answer = await find(type, command.verb)?.(command, reply);
    // Only its two fields: anything else may not be something that can be sent.
    send({ type: "answer", id, reply: answer && { code: answer.code, text: answer.text } });
  } catch (error) {
    send({ type: "threw", id, message: describe(error) });
  }
}

async function tell(event) {
  try {
    await find("events", event.type)?.(event);
    send({ type: "eventSeen" });
  } catch (error) {
    send({ type: "eventSeen", message: describe(error) });
  }
}

function pong({ heapUsed, external }) {
  send({ type: "pong", bytes: heapUsed + external });
}

let telling = Promise.resolve();

function receive(message) {
  switch (message.type) {
    case "load":
      return void load(message.code);
    case "before":
    case "after":
      return void call(message);
    case "event":
      telling = telling.then(() => tell(message.event));
      return;
    case "ping":
      return pong(memoryUsage());
  }
}

/** What hooks print is for the log, and bounded. */
function makeConsole() {
  let lines = 0;
  setInterval(() => {
    if (lines > MOST_LINES) send({ type: "console", level: "warning", text: `${lines - MOST_LINES} lines left out` });
    lines = 0;
  }, 1_000);
  const print = (level) => (...values) => {
    lines++;
    if (lines > MOST_LINES) return;
    const shown = values.map((value) => typeof value === "string" ? value : shownAs(value));
    send({ type: "console", level, text: shown.join(" ").slice(0, 1_000) });
  };
  const [info, warning] = [print("info"), print("warning")];
  return { log: info, info, debug: info, trace: info, dir: info, table: info, warn: warning, error: warning };
}

function shownAs(value) {
  if (value instanceof Error) return describe(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** Code that is made of text could import again what was taken out of the module. */
function lockCode() {
  const refuse = () => {
    throw new EvalError("Hooks cannot make code of text");
  };
  const kinds = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (const kind of kinds) {
    Object.defineProperty(Object.getPrototypeOf(kind), "constructor", { value: refuse, writable: false });
  }
  for (const name of ["setTimeout", "setInterval"]) {
    const original = globalThis[name];
    globalThis[name] = (callback, ...rest) => typeof callback === "function" ? original(callback, ...rest) : refuse();
  }
}

const TAKEN = [
  ...["Deno", "process", "Buffer", "global", "setImmediate", "clearImmediate", "eval", "Function", "importScripts"],
  ...["Worker", "BroadcastChannel", "postMessage", "close", "getParent", "prompt", "alert", "confirm"],
  ...["caches", "Cache", "CacheStorage", "localStorage", "sessionStorage", "Storage", "navigator"],
];

const ownConsole = makeConsole();
lockCode();
for (let scope = globalThis; scope && scope !== Object.prototype; scope = Object.getPrototypeOf(scope)) {
  for (const name of TAKEN) if (Object.hasOwn(scope, name)) delete scope[name];
}
Object.defineProperty(globalThis, "console", { value: ownConsole, writable: true, configurable: true });

globalThis.addEventListener("message", ({ data }) => receive(data));
// The runtime would print them where the server prints, and end the thread.
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  send({ type: "failed", message: describe(event.error) });
});
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  send({ type: "failed", message: describe(event.reason) });
});
send({ type: "hello" });
