/**
 * How hooks are held to their limits. Only types: the npm package has them as its declarations.
 *
 * @module
 */

/** The limits of hooks. */
export interface HookLimits {
  /**
   * Milliseconds that a hook has to answer, 1 to 3,600,000. One that blocks its thread for longer is ended, and started
   * again.
   *
   * @default 5_000
   */
  readonly timeout?: number;
  /**
   * Bytes of memory, at least 16 MiB. Hooks that have more are ended, and started again. In a thread this is looked at
   * a few times a second and takes up to a second to have its effect, so it is no hard limit.
   *
   * @default 134_217_728
   */
  readonly memory?: number;
  /**
   * What becomes of a command whose `before` throws, does not answer in time or is not running: it is refused (451),
   * runs (`allow`), or ends the session (421, `close`). An `after` that fails keeps the reply.
   *
   * @default "refuse"
   */
  readonly failure?: "refuse" | "allow" | "close";
  /**
   * Hooks run in a process of their own instead of a thread, which ends at once when it has to. Needs the permission to
   * run the runtime.
   *
   * @default false
   */
  readonly process?: boolean;
}
