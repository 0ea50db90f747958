import { assert, assertEquals, assertMatch } from "@std/assert";
import { fitted, LiveLines, type LiveTerminal } from "../../lib/cli/agent/live_lines.ts";
import { ProgressBars } from "../../lib/cli/agent/progress.ts";

const MIB = 1024 * 1024;

/** A terminal without a screen, and a clock that stands still. */
class Stage implements LiveTerminal {
  columns = 80;
  rows = 24;
  time = 0;
  readonly writes: string[] = [];

  write(text: string): void {
    this.writes.push(text);
  }

  size() {
    return { columns: this.columns, rows: this.rows };
  }

  bars(): ProgressBars {
    return new ProgressBars(this, () => this.time);
  }

  /** The lines of the last drawing. */
  get lines(): string[] {
    // deno-lint-ignore no-control-regex -- the sequence that goes back to the start
    return (this.writes.at(-1) ?? "").replace(/^\r\x1b\[\d+A\x1b\[J/, "").split("\r\n").slice(0, -1);
  }
}

Deno.test("bars show the job and each file: bytes, share, rate and time left", () => {
  const stage = new Stage();
  const bars = stage.bars();
  bars.expect(3, 30 * MIB);
  for (const path of ["one", "two"]) bars.event({ event: "start", action: "get", path, size: 10 * MIB });
  bars.event({ event: "progress", path: "one", bytes: 100 });
  bars.event({ event: "progress", path: "two", bytes: 0 });
  assertEquals(stage.writes, [], "nothing before something has moved for a moment");
  stage.time = 2000;
  bars.event({ event: "progress", path: "one", bytes: 5 * MIB });
  assertEquals(stage.lines.map((line) => line.replace(/ +/g, " ").replace(/\[.*\]/, "[]")), [
    "0 of 3 files [] 16% 5.0 MiB/30 MiB 2.5 MiB/s 0:10 left",
    "one [] 50% 5.0 MiB/10 MiB 2.5 MiB/s 0:02 left",
    "two [] 0% 0 B/10 MiB 0 B/s",
  ]);
  bars.event({ event: "transferred", action: "get", path: "one", target: "one", bytes: 10 * MIB });
  stage.time = 4000;
  bars.event({ event: "progress", path: "two", bytes: 5 * MIB });
  assertMatch(stage.lines[0] ?? "", /^1 of 3 files .* 50% +15 MiB\/30 MiB +3\.8 MiB\/s +0:04 left$/);
  assertEquals(stage.lines.length, 2);
});

Deno.test("bars leave what an earlier transfer has moved out of the rate", () => {
  const stage = new Stage();
  const bars = stage.bars();
  bars.event({ event: "start", action: "get", path: "f", size: 100 * MIB });
  bars.event({ event: "progress", path: "f", bytes: 90 * MIB });
  stage.time = 1000;
  bars.event({ event: "progress", path: "f", bytes: 91 * MIB });
  assertMatch(stage.lines[0] ?? "", / 91% .* 1\.3 MiB\/s +0:07 left$/);
});

Deno.test("bars fit every window, and each drawing is one write", () => {
  for (let columns = 1; columns <= 200; columns++) {
    const stage = new Stage();
    stage.columns = columns;
    const bars = stage.bars();
    bars.expect(2, 20 * MIB);
    bars.event({ event: "start", action: "get", path: "名前/ein langer Name, der nicht passt 名前", size: 10 * MIB });
    stage.time = 1000;
    bars.event({ event: "progress", path: "名前/ein langer Name, der nicht passt 名前", bytes: MIB });
    assertEquals(stage.writes.length, 1);
    assertEquals(stage.lines.length, 2);
    for (const line of stage.lines) {
      const wide = [...line].filter((character) => character > "\u2fff").length;
      assert([...line].length + wide <= Math.max(1, columns - 1), `${columns} columns: ${line}`);
    }
  }
});

Deno.test("lines go back over as many rows as the window shows them in", () => {
  const stage = new Stage();
  const lines = new LiveLines(stage);
  lines.draw(["a".repeat(60), "b"]);
  assertEquals(stage.writes.at(-1), `${"a".repeat(60)}\r\nb\r\n`);
  stage.columns = 30;
  lines.draw(["c"]);
  assertEquals(stage.writes.at(-1), "\r\x1b[3A\x1b[Jc\r\n");
  lines.clear();
  assertEquals(stage.writes.at(-1), "\r\x1b[1A\x1b[J");
  lines.clear();
  assertEquals(stage.writes.length, 3);
  stage.rows = 3;
  lines.draw(["1", "2", "3", "4"]);
  assertEquals(stage.writes.at(-1), "1\r\n2\r\n");
});

Deno.test("what is written above the bars comes between two drawings, and nothing is drawn after the end", () => {
  const stage = new Stage();
  const bars = stage.bars();
  bars.event({ event: "start", action: "get", path: "f", size: MIB });
  stage.time = 1000;
  bars.event({ event: "progress", path: "f", bytes: 10 });
  bars.above(() => stage.write("a line\n"));
  assertEquals(stage.writes.slice(1, 3), ["\r\x1b[1A\x1b[J", "a line\n"]);
  assertMatch(stage.writes[3] ?? "", /^f /);
  bars.stop();
  const { length } = stage.writes;
  bars.event({ event: "progress", path: "f", bytes: 20 });
  bars.above(() => {});
  assertEquals(stage.writes.length, length);
});

Deno.test("fitted fills, and cuts the start", () => {
  assertEquals(fitted("abc", 5), "abc  ");
  assertEquals(fitted("abcdef", 4), "…def");
  assertEquals(fitted("名前名前", 4), "…前 ");
  assertEquals(fitted("abc", 1), "…");
  // e and a combining accent have one column.
  assertEquals(fitted("abe\u0301f", 3), "…e\u0301f");
});
