/**
 * Waits for sockets that the runtime does not know, all in one thread of its pool (epoll(7)). It is for exceptions:
 * most sockets of {@link "./native_engine.ts"} are ready when they are looked at, and never come here.
 *
 * @module
 */

import type { Libc } from "./libc.ts";
import { lastError } from "./system_error.ts";

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 0x1;
const EPOLLOUT = 0x4;
const EPOLLONESHOT = 1 << 30;
/** Reported once for each time that it happens. */
const EPOLLET = 0x8000_0000;
const CLOEXEC = 0o2000000;
const NONBLOCK = 0o4000;
const FOREVER = -1;

/** Events that are taken at once. */
const MOST_EVENTS = 64;
/** `struct epoll_event`, which is packed on one processor alone (epoll_ctl(2)). */
const [EVENT_SIZE, DATA] = Deno.build.arch === "x86_64" ? [12, 4] : [16, 8];

/** What a socket is waited for. */
export type Readiness = "read" | "write";

/** The sockets that are waited for. */
export class SocketWaits {
  readonly #libc: Libc;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  readonly #event = new DataView(new ArrayBuffer(EVENT_SIZE));
  #poller: Poller | undefined;
  #running: Promise<void> | undefined;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /**
   * Resolves when `socket` may be ready: try again then. One wait at a time for a socket; rejects when it is
   * forgotten.
   */
  wait(socket: number, readiness: Readiness): Promise<void> {
    const poller = this.#poller ??= this.#start();
    const pending = Promise.withResolvers<void>();
    this.#waiting.get(socket)?.resolve();
    this.#waiting.set(socket, pending);
    this.#event.setUint32(0, (readiness === "read" ? EPOLLIN : EPOLLOUT) | EPOLLONESHOT, true);
    this.#event.setUint32(DATA, socket, true);
    const control = (action: number) => this.#libc.epoll_ctl(poller.epoll, action, socket, this.#event.buffer);
    if (control(EPOLL_CTL_MOD) !== 0 && control(EPOLL_CTL_ADD) !== 0) {
      this.#waiting.delete(socket);
      pending.reject(lastError(this.#libc, "wait for a socket"));
    }
    return pending.promise;
  }

  /** To be called before the socket is closed: ends its wait. */
  forget(socket: number): void {
    const pending = this.#waiting.get(socket);
    if (!this.#poller) return;
    this.#libc.epoll_ctl(this.#poller.epoll, EPOLL_CTL_DEL, socket, this.#event.buffer);
    if (!pending) return;
    this.#waiting.delete(socket);
    pending.reject(new Deno.errors.BadResource("Connection is closed"));
    if (this.#waiting.size === 0) this.#libc.eventfd_write(this.#poller.alarm, 1n);
  }

  /** Resolves when the thread is free again, if nothing is waited for: shortly after the last socket was forgotten. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #start(): Poller {
    const epoll = this.#libc.epoll_create1(CLOEXEC);
    const alarm = this.#libc.eventfd(0, CLOEXEC | NONBLOCK);
    if (epoll < 0 || alarm < 0) throw lastError(this.#libc, "wait for sockets");
    this.#event.setUint32(0, EPOLLIN + EPOLLET, true);
    this.#event.setUint32(DATA, alarm, true);
    this.#libc.epoll_ctl(epoll, EPOLL_CTL_ADD, alarm, this.#event.buffer);
    const poller = { epoll, alarm };
    this.#running = this.#run(poller);
    return poller;
  }

  /** Until nothing is waited for. */
  async #run({ epoll, alarm }: Poller): Promise<void> {
    const events = new DataView(new ArrayBuffer(MOST_EVENTS * EVENT_SIZE));
    do {
      const count = await this.#libc.epoll_wait(epoll, events.buffer, MOST_EVENTS, FOREVER);
      for (let index = 0; index < count; index++) {
        const socket = events.getUint32(index * EVENT_SIZE + DATA, true);
        const pending = this.#waiting.get(socket);
        this.#waiting.delete(socket);
        pending?.resolve();
      }
      // Those that have just been woken may wait again.
      await Promise.resolve();
    } while (this.#waiting.size > 0);
    this.#poller = undefined;
    this.#libc.close(alarm);
    this.#libc.close(epoll);
  }
}

/** Two descriptors: what waits, and what ends the wait. */
interface Poller {
  readonly epoll: number;
  readonly alarm: number;
}
