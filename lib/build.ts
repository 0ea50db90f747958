/**
 * Where this build comes from. `scripts/compile.ts` puts another module in the place of this one, which says that it
 * runs from source.
 *
 * @module
 */

/** The commit a build was made of, and what must be known about it. */
export interface Build {
  /** Abbreviated; with `-modified` behind it where files differed from the commit. */
  readonly commit: string;
  /** Such as that it must not be given to others. */
  readonly note?: string;
}

/** `undefined` when run from source. */
export const BUILD: Build | undefined = undefined;
