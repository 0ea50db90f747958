/**
 * The defaults and bounds of hooks.
 *
 * @module
 */

/** The limits of hooks that are given none; see `HookLimits`. */
export const DEFAULT_HOOKS = { timeout: 5_000, memory: 128 * 2 ** 20, failure: "refuse" } as const;

/** The smallest limit of memory, in bytes: the runtime of a sandbox has some of its own. */
export const LEAST_HOOK_MEMORY: number = 16 * 2 ** 20;
