/**
 * The version, in one place.
 *
 * @module
 */

/** As in deno.json. */
export const VERSION = "0.1.0";
