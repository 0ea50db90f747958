/**
 * The lines of a script.
 *
 * @module
 */

/** Bytes of a line: more is no script. */
const LONGEST = 64 * 1024;

/** The lines of a stream, without their ends. @throws {RangeError} for a line of more than 64 KiB. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST) throw new RangeError("A line of the script has more than 64 KiB");
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  if (rest !== "") yield rest.replace(/\r$/, "");
}
