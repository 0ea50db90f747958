import { assertEquals } from "@std/assert";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

const ENTRY = new URL("../../lib/cli/serve/serve.ts", import.meta.url).href;

/** All modules below {@link ENTRY} by their URLs. */
async function modules(): Promise<ReadonlyMap<string, Module>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", ENTRY] }).output();
  const info: { readonly modules: readonly Module[] } = JSON.parse(new TextDecoder().decode(stdout));
  return new Map(info.modules.map((module) => [module.specifier, module]));
}

Deno.test("serve loads nothing of Node, and no console, cluster, TLS or C library, before it is needed", async () => {
  const all = await modules();
  const seen = new Set([ENTRY]);
  const late = /^node:|\/lib\/(admin|client|console|metrics|native\/(?!libc)|state|tls\/(node|relay)|workers)\//;
  const tooEarly: string[] = [];
  for (const url of seen) {
    for (const { code, isDynamic } of all.get(url)?.dependencies ?? []) {
      if (code?.specifier === undefined || isDynamic) continue;
      if (late.test(code.specifier)) tooEarly.push(`${code.specifier} by ${url}`);
      seen.add(code.specifier);
    }
  }
  assertEquals(tooEarly, []);
  assertEquals(seen.size > 100, true);
});
