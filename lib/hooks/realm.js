// @ts-nocheck -- it runs in a realm that has nothing but the language
/**
 * The realm of the hooks: what they find there, and how they are called. All of this runs within the time that they
 * have, as reading a field of what they return may run code of theirs too.
 */
(function (host) {
  const { JSON, Map, Number, Object, Promise, String, TypeError } = globalThis;

  /** Hooks of the module, by kind. */
  let hooks = {};

  function describe(error) {
    try {
      return typeof error?.message === "string" ? `${error.name}: ${error.message}` : String(error);
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

  async function load({ run }) {
    try {
      const exported = {};
      await run(exported, refuseImport);
      hooks = Object.assign({}, exported.default ?? exported);
      const unknown = Object.keys(hooks).find((name) => !["before", "after", "events", "default"].includes(name));
      if (unknown !== undefined) throw new TypeError(`Hooks export "before", "after" and "events", not "${unknown}"`);
      const names = { before: wantedOf("before"), after: wantedOf("after"), events: wantedOf("events") };
      host.send({ type: "loaded", exported: names });
    } catch (error) {
      host.send({ type: "failed", message: describe(error) });
    }
  }

  /** Only its two fields, and only what can be sent; the server checks them. */
  function replyOf(answer) {
    if (!answer) return undefined;
    const { code, text } = answer;
    return { code: typeof code === "number" ? code : 0, text: typeof text === "string" ? text : null };
  }

  async function call({ json }) {
    const { type, id, command, reply } = JSON.parse(json);
    try {
      const answer = await find(type, command.verb)?.(command, reply);
      host.send({ type: "answer", id, reply: replyOf(answer) });
    } catch (error) {
      host.send({ type: "threw", id, message: describe(error) });
    }
  }

  let telling = Promise.resolve();

  function tell({ json }) {
    const { event } = JSON.parse(json);
    telling = telling.then(async () => {
      try {
        await find("events", event.type)?.(event);
        host.send({ type: "eventSeen" });
      } catch (error) {
        host.send({ type: "eventSeen", message: describe(error) });
      }
    });
  }

  function uncaught({ error }) {
    host.send({ type: "failed", message: describe(error) });
  }

  const timers = new Map();
  let lastTimer = 0;

  function fire({ id }) {
    const timer = timers.get(id);
    if (!timer) return;
    if (!timer.repeats) timers.delete(id);
    try {
      timer.callback(...timer.rest);
    } catch (error) {
      uncaught({ error });
    }
  }

  const timerOf = (repeats) => (callback, milliseconds, ...rest) => {
    if (typeof callback !== "function") throw new TypeError("Hooks cannot make code of text");
    const id = ++lastTimer;
    timers.set(id, { callback, rest, repeats });
    host.start(id, Number(milliseconds) || 0, repeats);
    return id;
  };

  function stop(id) {
    timers.delete(id);
    host.stop(id);
  }

  function shown(value) {
    if (typeof value === "string") return value;
    if (typeof value?.message === "string") return describe(value);
    try {
      return JSON.stringify(value) ?? String(value);
    } catch {
      return Object.prototype.toString.call(value);
    }
  }

  const print = (level) => (...values) => host.print(level, values.map(shown).join(" ").slice(0, 1_000));
  const [info, warning] = [print("info"), print("warning")];

  // A wait that nothing interrupts.
  for (const name of ["Atomics", "SharedArrayBuffer", "WebAssembly"]) delete globalThis[name];
  const { URL, URLSearchParams, TextEncoder, TextDecoder, structuredClone, atob, btoa } = host;
  const { now, randomUUID, getRandomValues } = host;
  const given = {
    ...{ URL, URLSearchParams, TextEncoder, TextDecoder, structuredClone, atob, btoa },
    performance: { now },
    crypto: { randomUUID, getRandomValues },
    console: { log: info, info, debug: info, trace: info, dir: info, table: info, warn: warning, error: warning },
    ...{ setTimeout: timerOf(false), setInterval: timerOf(true), clearTimeout: stop, clearInterval: stop },
    queueMicrotask: (callback) => void Promise.resolve().then(callback),
  };
  for (const [name, value] of Object.entries(given)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
  const deeds = { load, before: call, after: call, event: tell, timer: fire, uncaught };
  const enter = () => {
    const deed = host.deed();
    deeds[deed.type](deed);
  };
  Object.defineProperty(globalThis, "enter", { value: enter });
});
