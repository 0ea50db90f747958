import { assertEquals } from "@std/assert";
import { type Family, formatFor, OPEN_METRICS, TEXT } from "../../lib/metrics/exposition.ts";

const FAMILIES: readonly Family[] = [
  {
    name: "a_bytes",
    help: "Moved.",
    type: "counter",
    unit: "bytes",
    samples: [{ labels: { name: 'one "two" \\ three\nfour' }, value: 3 }],
  },
  { name: "b", help: "Level.", type: "gauge", samples: [{ value: 0.1 + 0.2 }] },
  { name: "c", help: "Not there.", type: "gauge", samples: [] },
];

Deno.test("TEXT names a counter as its sample, and escapes labels", () => {
  assertEquals(
    TEXT.write(FAMILIES),
    "# HELP a_bytes_total Moved.\n# TYPE a_bytes_total counter\n" +
      'a_bytes_total{name="one \\"two\\" \\\\ three\\nfour"} 3\n' +
      "# HELP b Level.\n# TYPE b gauge\nb 0.3\n",
  );
});

Deno.test("OPEN_METRICS has units, and an end", () => {
  assertEquals(
    OPEN_METRICS.write(FAMILIES),
    "# HELP a_bytes Moved.\n# TYPE a_bytes counter\n# UNIT a_bytes bytes\n" +
      'a_bytes_total{name="one \\"two\\" \\\\ three\\nfour"} 3\n' +
      "# HELP b Level.\n# TYPE b gauge\nb 0.3\n# EOF\n",
  );
});

Deno.test("formatFor goes by what the client accepts", () => {
  const prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  assertEquals([null, "*/*", "text/plain"].map((accept) => formatFor(accept)), [TEXT, TEXT, TEXT]);
  assertEquals(formatFor(prometheus), OPEN_METRICS);
});
