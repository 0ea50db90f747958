/**
 * What systemd is told about the service (sd_notify(3)): that it is ready, reads its files again, stops, and lives.
 * Only where the variable `NOTIFY_SOCKET` asks for it.
 *
 * @module
 */

import type { EventStream } from "../../events.ts";
import { isGranted, needEnv } from "../permissions/query.ts";

/** Where systemd listens, and how often it wants to hear of us. */
export interface NotifySettings {
  /** A path, or a name after `@` (abstract, unix(7)). */
  readonly socket: string;
  /** Milliseconds after which a service that has said nothing is killed; `undefined`: never. */
  readonly watchdog: number | undefined;
}

/** The options of a {@link ServiceNotifier}. */
export interface NotifierOptions {
  readonly events: EventStream;
  /** Whether every event loop turns: else the watchdog does not hear of us, and the service is started again. */
  readonly alive: () => boolean;
}

/** The variables by which systemd asks for it. */
export const NOTIFY_VARIABLES: readonly string[] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/** The largest delay of a timer. */
const LONGEST = 2 ** 31 - 1;
/** `/proc/uptime` has hundredths of seconds; a moment too late is accepted, one too early is not. */
const PRECISION = 10_000;

/** The settings of this process; `undefined` where it is no such service, or may not read its variables. */
export function notifySettings(): NotifySettings | undefined {
  const socket = variable("NOTIFY_SOCKET");
  if (!socket || Deno.build.os !== "linux") return undefined;
  const microseconds = Number(variable("WATCHDOG_USEC"));
  const isForUs = [undefined, "", String(Deno.pid)].includes(variable("WATCHDOG_PID"));
  return { socket, watchdog: microseconds > 0 && isForUs ? Math.min(microseconds / 1000, LONGEST) : undefined };
}

function variable(name: string): string | undefined {
  return isGranted(needEnv(name, "")) ? Deno.env.get(name) : undefined;
}

/** The notifier of this process. `telemetry`: knows whether every event loop turns. */
export function openNotifier(
  events: EventStream,
  telemetry: { readonly metrics: { readonly alive: boolean } } | undefined,
): ServiceNotifier | undefined {
  const settings = notifySettings();
  return settings && new ServiceNotifier(settings, { events, alive: () => telemetry?.metrics.alive ?? true });
}

/** Speaks to systemd. What cannot be sent is reported once, and keeps nothing from working. */
export class ServiceNotifier implements Disposable {
  readonly #settings: NotifySettings;
  readonly #options: NotifierOptions;
  readonly #socket: Deno.DatagramConn | undefined;
  readonly #booted: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #failed = false;

  /** Nothing is sent yet. */
  constructor(settings: NotifySettings, options: NotifierOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#booted = bootTime();
    try {
      this.#socket = makeSocket();
    } catch (error) {
      this.#report(error);
    }
  }

  /** New sessions are taken, with `status` as a sentence for `systemctl status`. From now on the watchdog is fed. */
  async ready(status: string): Promise<void> {
    await this.#send("READY=1", `STATUS=${status}`);
    const { watchdog } = this.#settings;
    if (watchdog === undefined || this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      if (this.#options.alive()) void this.#send("WATCHDOG=1");
    }, watchdog / 2);
  }

  /** Files are read again; {@link ready} follows. */
  async reloading(): Promise<void> {
    // The runtime has no clock that counts from the boot of the system.
    const now = this.#booted === undefined ? [] : [Math.ceil(this.#booted + performance.now() * 1000) + PRECISION];
    await this.#send("RELOADING=1", ...now.map((microseconds) => `MONOTONIC_USEC=${microseconds}`));
  }

  /** No session is taken any more. The watchdog is fed until the end. */
  async stopping(): Promise<void> {
    await this.#send("STOPPING=1", "STATUS=Ending sessions");
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket?.close();
  }

  async #send(...lines: readonly string[]): Promise<void> {
    const path = this.#settings.socket.replace(/^@/, "\0");
    const message = new TextEncoder().encode(`${lines.join("\n")}\n`);
    try {
      await this.#socket?.send(message, { transport: "unixpacket", path });
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const { socket } = this.#settings;
    const message =
      `Cannot notify systemd at "${socket}": deno run needs --allow-net and --allow-write=${socket} for it`;
    this.#options.events.emit({ type: "problem", level: "warning", message, error });
  }
}

/** A socket to send from. The runtime wants a name for it, which nobody needs. */
function makeSocket(): Deno.DatagramConn {
  try {
    return Deno.listenDatagram({ transport: "unixpacket", path: `\0denoftpd-${Deno.pid}` });
  } catch (error) {
    // Deno 2.6 knows no abstract names.
    if (!(error instanceof TypeError)) throw error;
  }
  const directory = Deno.makeTempDirSync();
  try {
    return Deno.listenDatagram({ transport: "unixpacket", path: `${directory}/notify` });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** What to add to `performance.now()`, both in microseconds, for the time since the system was booted. */
function bootTime(): number | undefined {
  const path = "/proc/uptime";
  try {
    // The runtime grants what is below /proc only together with everything else.
    if (!isGranted({ permission: { name: "read", path } })) return undefined;
    const [seconds = ""] = Deno.readTextFileSync(path).split(" ");
    return Number(seconds) * 1e6 - performance.now() * 1000;
  } catch {
    return undefined;
  }
}
