/**
 * The npm package `denoftpd` as a library.
 *
 * @module
 */

export type * from "./api.ts";
export { FixtureError, SequenceError } from "./control.ts";
export { connectFixture, startFixture } from "./process.ts";
