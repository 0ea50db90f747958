/**
 * Optional fields, where `undefined` and absent mean the same.
 *
 * @module
 */

/** `fields` without those that are `undefined`. */
export function present<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  // Of a required field the type says that it was given.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
