/**
 * Faults of the system that cannot be had on demand, put in the place of a function for as long as a test wants them.
 *
 * @module
 */

/**
 * Puts `value` in the place of `object[key]` until the result is disposed of, at the latest at the end of the block.
 */
export function stub<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): Disposable {
  const original = object[key];
  object[key] = value;
  return { [Symbol.dispose]: () => void (object[key] = original) };
}

/** No text file can be read: no descriptor is left. */
export function withoutDescriptors(): Disposable {
  return stub(Deno, "readTextFile", () => Promise.reject(new Error("Too many open files (os error 24)")));
}

/** How long a reader of a pipe is left waiting, in milliseconds: only a test that has failed already gets there. */
const PATIENCE = 10_000;

/** Puts a named pipe in the place of the file at `path`. Whoever reads it gets nonsense, and that after a long time. */
export async function putPipe(path: string): Promise<Disposable> {
  const { success } = await new Deno.Command("mkfifo", { args: [`${path}.pipe`] }).output();
  if (!success) throw new Error("Cannot make a pipe");
  await Deno.rename(`${path}.pipe`, path);
  const timer = setTimeout(() => void Deno.writeTextFile(path, "This came out of a pipe"), PATIENCE);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
