import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { LINE_BUFFER, LineBuffers } from "../../lib/data/buffers.ts";
import { isHttpVerb, ReadBuffers } from "../../lib/session/command_intake.ts";

function buffersOf(how: { readonly marked: boolean }): ReadBuffers {
  return new ReadBuffers({ ...how, lender: new LineBuffers() });
}

/**
 * Lengths of the buffers that `buffers` offers for reads of these counts, one after the other; 0 stands for as many as
 * fit.
 */
function lengths(buffers: ReadBuffers, transferring: boolean, counts: readonly number[]): number[] {
  return counts.map((count) => {
    buffers.next(count || buffers.current.length, { transferring });
    return buffers.current.length;
  });
}

Deno.test("ReadBuffers gives a larger buffer to a connection that fills it, and takes it back", () => {
  const buffers = buffersOf({ marked: true });
  assertEquals(buffers.current.length, 128);
  assertEquals(lengths(buffers, false, [20, 0, 0, 500, 127, 20]), [128, 4096, 4096, 4096, 128, 128]);
});

Deno.test("ReadBuffers reads one byte first while a transfer runs, and bytes of Telnet one by one", () => {
  const buffers = buffersOf({ marked: true });
  assertEquals(lengths(buffers, true, [20]), [1]);
  buffers.current[0] = 0x41;
  assertEquals(lengths(buffers, true, [1, 5]), [128, 1]);
  buffers.current[0] = 0xff;
  assertEquals(lengths(buffers, true, [1, 1]), [1, 1]);
  assertEquals(buffers.endedAtMark(1), false);
  // The transfer has ended meanwhile.
  buffers.current[0] = 0x41;
  assertEquals(lengths(buffers, false, [1, 5, 5]), [128, 128, 128]);
  assertEquals(buffers.endedAtMark(5), true);
});

Deno.test("ReadBuffers expects no urgent data under TLS", () => {
  const buffers = buffersOf({ marked: true });
  buffers.unmark();
  assertEquals(lengths(buffers, true, [20, 0, 10]), [128, 4096, 128]);
  assertEquals(buffersOf({ marked: false }).endedAtMark(5), false);
});

Deno.test("ReadBuffers gives back what it no longer reads into, and never what another one has", () => {
  const lender = new LineBuffers();
  const first = new ReadBuffers({ marked: true, lender });
  const { current } = first;
  first.next(20, { transferring: true });
  const second = new ReadBuffers({ marked: true, lender });
  assertStrictEquals(second.current, current);
  first.current[0] = 0x41;
  first.next(1, { transferring: false });
  assert(first.current !== second.current);
  second.release();
  // What is asked for while the first is still needed is another one, and the first is not given back.
  const kept = first.current;
  assert(first.renew() !== kept);
  const lent = Array.from({ length: 50 }, () => lender.take());
  assertEquals(lent.filter((buffer) => buffer === kept || buffer === first.current), []);
  for (const [index, buffer] of lent.entries()) buffer.fill(index);
  assertEquals(lent.map(([byte]) => byte), Array.from(lent, (_, index) => index));
  assertEquals(lent.every(({ length }) => length === LINE_BUFFER), true);
});

Deno.test("isHttpVerb knows the first line of an HTTP request", () => {
  for (const line of ["GET / HTTP/1.1", "POST /x", "put http://a/ HTTP/1.0", "OPTIONS * HTTP/1.1", "PRI * HTTP/2.0"]) {
    assertEquals(isHttpVerb(line), true, line);
  }
  for (const line of ["GET", "GET file", "OPTS UTF8 ON", "DELE /x", "PUTS / HTTP/1.1", "USER GET / HTTP/1.1", ""]) {
    assertEquals(isHttpVerb(line), false, line);
  }
});
