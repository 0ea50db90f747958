/**
 * A process that exchanges two names on disk without pause, as somebody with a shell on the host could:
 *
 *     deno run --allow-ffi exchanger.ts ONE OTHER LIBRARY SPINS
 *
 * Each exchange is one step of the system (`renameat2` with `RENAME_EXCHANGE`), so both names are there at any moment.
 * SPINS are turns of an empty loop between two of them: in step with a server that does several things in a row, some
 * are better than others. It ends by itself after two minutes at the latest.
 *
 * @module
 */

const [one = "", other = "", library = "", spins = "0"] = Deno.args;
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;
const PATIENCE = 120_000;

const { symbols: libc } = Deno.dlopen(library, {
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
});
const encoder = new TextEncoder();
const [from, to] = [encoder.encode(`${one}\0`), encoder.encode(`${other}\0`)];
Deno.stdout.writeSync(encoder.encode("ready\n"));

const end = performance.now() + PATIENCE;
let idle = 0;
while (performance.now() < end) {
  for (let count = 0; count < 1000; count++) {
    libc.renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE);
    for (let spin = 0; spin < Number(spins); spin++) idle += spin;
  }
}
// Used, so that the loop is not taken out.
Deno.exitCode = idle < 0 ? 1 : 0;
