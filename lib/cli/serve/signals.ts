/**
 * What a running server is told by signals.
 *
 * @module
 */

const windows = Deno.build.os === "windows";
const STOPS: readonly Deno.Signal[] = windows ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];

/** What else can stop a server, and what is read again. */
export interface SignalOptions {
  /** Counts as the first signal to stop. */
  readonly signal: AbortSignal | undefined;
  /** At SIGHUP, until it is to stop; after that SIGHUP does nothing. */
  readonly reload: () => unknown;
}

/**
 * SIGINT and SIGTERM: the first lets the server drain, the second lets it end what is left in good order, and a third is the system's
 * again, which ends the process as it is. From {@link listen} until it is disposed of.
 */
export class ServerSignals implements Disposable {
  readonly #stops = new DisposableStack();
  readonly #hangUp = new DisposableStack();
  readonly #first = Promise.withResolvers<void>();
  readonly #second = Promise.withResolvers<void>();
  #stopping = false;

  /** Resolves at the first signal to stop. */
  get first(): Promise<void> {
    return this.#first.promise;
  }

  /** Resolves at the second. */
  get second(): Promise<void> {
    return this.#second.promise;
  }

  /** Takes the signals from the system. */
  listen({ signal, reload }: SignalOptions): void {
    const stop = (): void => this.#stop();
    for (const name of STOPS) this.#on(name, stop, this.#stops);
    // Without a listener it would end the process, also in the middle of draining.
    if (!windows) this.#on("SIGHUP", () => this.#stopping || void reload(), this.#hangUp);
    signal?.addEventListener("abort", stop);
    this.#stops.defer(() => signal?.removeEventListener("abort", stop));
    if (signal?.aborted) stop();
  }

  [Symbol.dispose](): void {
    this.#stops.dispose();
    this.#hangUp.dispose();
  }

  #stop(): void {
    if (this.#stopping) {
      this.#stops.dispose();
      this.#second.resolve();
    }
    this.#stopping = true;
    this.#first.resolve();
  }

  #on(name: Deno.Signal, act: () => void, listeners: DisposableStack): void {
    Deno.addSignalListener(name, act);
    listeners.defer(() => Deno.removeSignalListener(name, act));
  }
}
