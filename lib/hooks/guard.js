/**
 * What a process of hooks begins with: it starts their thread, passes messages on as lines of JSON, and ends itself, and
 * the thread with it, as soon as the process has more memory than it may. Only a process can end a thread at once.
 */

const INTERVAL = 10; // Milliseconds between two looks at the memory.

const encoder = new TextEncoder();
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());

/** @param {string} reason */
function end(reason) {
  Deno.stderr.writeSync(encoder.encode(reason));
  Deno.exit(1);
}

/** @param {unknown} message */
function send(message) {
  const bytes = encoder.encode(`${JSON.stringify(message)}\n`);
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}

/** The thread, once the first line has said what it runs. */
let thread;

function receive(message) {
  if (thread) return thread.postMessage(message);
  const base = Deno.memoryUsage().rss;
  setInterval(() => {
    if (Deno.memoryUsage().rss - base > message.memory) end(`it has more memory than ${message.memory} bytes`);
  }, INTERVAL);
  thread = new Worker(message.module, { type: "module", name: "hooks" });
  thread.onmessage = ({ data }) => send(data);
  thread.onerror = (event) => end(event.message);
}

let text = "";
for await (const chunk of lines) {
  const whole = (text + chunk).split("\n");
  text = whole.pop();
  for (const line of whole) receive(JSON.parse(line));
}
Deno.exit(); // The server has ended.
