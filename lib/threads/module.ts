/**
 * Where the code of a thread is.
 *
 * @module
 */

/**
 * The address of the module `file` beside `importer`, an `import.meta.url`. Where the program is one module of
 * JavaScript, as in the executable and the npm package, it is the module of its threads as well.
 */
export function threadModule(importer: string, file: string): string {
  return importer.endsWith(".ts") && !Deno.build.standalone ? new URL(file, importer).href : importer;
}
