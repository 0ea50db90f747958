/**
 * The kind of the current thread.
 *
 * @module
 */

/** The global scope of a worker, as far as it is used here; the types of the program are those of the main thread. */
export interface WorkerScope {
  readonly name: string;
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  /** An error that nothing has caught, which ends the thread. */
  addEventListener(type: "error" | "unhandledrejection", listener: () => void): void;
}

/** The name of threads that transfer the bytes of data connections. */
export const DATA_THREAD = "data";

/** The name of those that may also use the C library. */
export const NATIVE_DATA_THREAD = "native data";

/** The name of those that may use it, too, by a permission of their own. */
export const PERMITTED_DATA_THREAD = "permitted native data";

/** The name of those that check one password. */
export const PASSWORD_THREAD = "password";

/** Whether a thread with this name transfers the bytes of data connections. */
export function isDataThread({ name }: Pick<WorkerScope, "name">): boolean {
  return name === DATA_THREAD || name === NATIVE_DATA_THREAD || name === PERMITTED_DATA_THREAD;
}

/** The scope of this thread if it is a worker; `undefined` on the main thread. */
export function workerScope(): WorkerScope | undefined {
  const scope: object = globalThis;
  return isWorkerScope(scope) ? scope : undefined;
}

function isWorkerScope(scope: object): scope is WorkerScope {
  return "WorkerGlobalScope" in scope && "postMessage" in scope && typeof scope.postMessage === "function";
}
