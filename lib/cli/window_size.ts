/**
 * How much fits on the terminal.
 *
 * @module
 */

/** Of a terminal that does not say. */
const DEFAULT_SIZE = { columns: 80, rows: 24 } as const;

/** The size of the window, in characters; never 0. */
export function windowSize(): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
  } catch {
    return DEFAULT_SIZE;
  }
}
