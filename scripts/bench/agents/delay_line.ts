/**
 * A line that delays: what arrives at one loopback address goes on to the same port at another, later by so many
 * milliseconds, and back likewise. A process of its own, so that its work is in no one's processor time.
 *
 *     deno run --allow-net=127.0.0.1,127.0.0.2 delay_line.ts '{"from":"127.0.0.2","to":"127.0.0.1","ports":[…],…}'
 *
 * The kernel's own (`tc netem`) is not everywhere, and wants root. A connection is accepted at once: the delay of TCP's
 * handshake is missing, for all clients alike.
 *
 * @module
 */

/** The argument. */
export interface DelayLineOptions {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly number[];
  /** Milliseconds each way. */
  readonly delay: number;
}

/** What one direction may have under way, in bytes: more than a window of TCP. */
const MOST_UNDER_WAY = 8 * 1024 * 1024;
const PIECE = 64 * 1024;

if (import.meta.main) {
  const options: DelayLineOptions = JSON.parse(Deno.args[0] ?? "");
  const listeners = options.ports.map((port) => Deno.listen({ hostname: options.from, port }));
  Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
  await Promise.all(listeners.map((listener) => serve(listener, options)));
}

async function serve(listener: Deno.TcpListener, { to, delay }: DelayLineOptions): Promise<void> {
  for await (const near of listener) void connect(near, { hostname: to, port: listener.addr.port }, delay);
}

async function connect(near: Deno.TcpConn, target: Deno.ConnectOptions, delay: number): Promise<void> {
  try {
    using far = await Deno.connect(target);
    using _near = near;
    near.setNoDelay();
    far.setNoDelay();
    await Promise.all([carry(near, far, delay), carry(far, near, delay)]);
  } catch {
    // Either end may go whenever it likes.
  }
}

/** Each piece goes on `delay` milliseconds after it came, and the end likewise. */
async function carry(source: Deno.TcpConn, target: Deno.TcpConn, delay: number): Promise<void> {
  let last = Promise.resolve();
  let underWay = 0;
  for (;;) {
    const buffer = new Uint8Array(PIECE);
    const count = await source.read(buffer);
    const due = performance.now() + delay;
    if (count === null) {
      await last;
      await until(due);
      await target.closeWrite();
      return;
    }
    underWay += count;
    last = last.then(async () => {
      await until(due);
      for (let sent = 0; sent < count;) sent += await target.write(buffer.subarray(sent, count));
      underWay -= count;
    });
    last.catch(() => {});
    if (underWay > MOST_UNDER_WAY) await last;
  }
}

function until(due: number): Promise<void> {
  const wait = due - performance.now();
  return wait <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, wait));
}
