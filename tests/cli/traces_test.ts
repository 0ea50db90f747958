import { assert, assertEquals } from "@std/assert";
import { startServe } from "./serve_process.ts";
import { Wire } from "../helpers/wire.ts";

interface Spanned {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status: { readonly code?: number };
}

/** The spans of a message in OTLP's JSON. */
function spansOf(message: unknown): Spanned[] {
  const { resourceSpans } = message as {
    readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Spanned[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

for (const workers of Deno.build.os === "linux" ? ["1", "2"] : ["1"]) {
  Deno.test(`serve --traces sends sessions, commands and transfers to a collector, ${workers} workers`, async () => {
    const cwd = await Deno.makeTempDir({ prefix: "denoftpd-traces-" });
    const spans: Spanned[] = [];
    try {
      await using collector = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
        const message = await request.json();
        if (new URL(request.url).pathname === "/v1/traces") spans.push(...spansOf(message));
        return Response.json({});
      });
      const env = {
        OTEL_DENO: "true",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      };
      const flags = ["--anonymous", ".", "--port", "0", "--allow-root", "--traces", "--workers", workers];
      await using server = await startServe({ permissions: ["--allow-all"], flags, cwd, env });
      await using wire = await Wire.connect(server.port);
      await wire.expectReply(220);
      await wire.login("anonymous");
      await wire.downloadText("LIST");
      await wire.expect("DELE secret-name", 550);
      await wire.expect("QUIT", 221);
      await wire.closed();
      server.kill("SIGTERM");
      // At its end the runtime sends what it has.
      assertEquals(await server.code, 0);
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
    const named = (name: string) => {
      const span = spans.find((each) => each.name === name);
      assert(span, `${name} is not among ${spans.map((each) => each.name)}`);
      return span;
    };
    const session = named("ftp session");
    for (const verb of ["USER", "PASS", "LIST", "DELE", "QUIT"]) {
      assertEquals([verb, named(verb).parentSpanId], [verb, session.spanId]);
    }
    assertEquals(named("transfer listing").parentSpanId, named("LIST").spanId);
    assertEquals([named("LIST").status.code ?? 0, named("DELE").status.code], [0, 2]);
    assert(!JSON.stringify(spans).includes("secret-name"), "no path is in a span");
  });
}
