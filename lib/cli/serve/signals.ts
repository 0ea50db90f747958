/**
 * The signals to a running server.
 *
 * @module
 */

const windows = Deno.build.os === "windows";
const STOPS: readonly Deno.Signal[] = windows ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];

/** Other ways to stop a server, and the reload. */
export interface SignalOptions {
  /** Counts as the first signal to stop. */
  readonly signal: AbortSignal | undefined;
  /** Called at SIGHUP, until the server is to stop; after that SIGHUP does nothing. */
  readonly reload: () => unknown;
}

/**
 * SIGINT and SIGTERM: the first lets the server drain, the second closes the remaining sessions in an orderly way, and
 * a third has its default effect, which ends the process at once. From {@link listen} until it is disposed.
 */
export class ServerSignals implements Disposable {
  readonly #stops = new DisposableStack();
  readonly #hangUp = new DisposableStack();
  readonly #first = Promise.withResolvers<Deno.Signal | undefined>();
  readonly #second = Promise.withResolvers<void>();
  #stopping = false;

  /** Resolves at the first signal to stop: to its name, or to `undefined` if it was {@link SignalOptions.signal}. */
  get first(): Promise<Deno.Signal | undefined> {
    return this.#first.promise;
  }

  /** Resolves at the second. */
  get second(): Promise<void> {
    return this.#second.promise;
  }

  /** Installs the signal handlers. */
  listen({ signal, reload }: SignalOptions): void {
    for (const name of STOPS) this.#on(name, () => this.#stop(name), this.#stops);
    const stop = (): void => this.#stop();
    // Without a listener it would end the process, even while draining.
    if (!windows) this.#on("SIGHUP", () => this.#stopping || void reload(), this.#hangUp);
    signal?.addEventListener("abort", stop);
    this.#stops.defer(() => signal?.removeEventListener("abort", stop));
    if (signal?.aborted) stop();
  }

  [Symbol.dispose](): void {
    this.#stops.dispose();
    this.#hangUp.dispose();
  }

  #stop(name?: Deno.Signal): void {
    if (this.#stopping) {
      this.#stops.dispose();
      this.#second.resolve();
    }
    this.#stopping = true;
    this.#first.resolve(name);
  }

  #on(name: Deno.Signal, act: () => void, listeners: DisposableStack): void {
    Deno.addSignalListener(name, act);
    listeners.defer(() => Deno.removeSignalListener(name, act));
  }
}
