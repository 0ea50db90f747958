/**
 * Where the code of a thread is.
 *
 * @module
 */

import { workerScope } from "./scope.ts";

/**
 * The address of the module `file` beside `importer`, an `import.meta.url`. Where the program is JavaScript, as in the
 * executable and the npm package, the module that it begins with is that of its threads as well.
 */
export function threadModule(importer: string, file: string): string {
  // The runtime tells only the main thread what it began with; a worker has it as its address.
  if (Deno.build.standalone) return workerScope() ? location.href : Deno.mainModule;
  return importer.endsWith(".ts") ? new URL(file, importer).href : importer;
}
