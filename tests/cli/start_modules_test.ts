import { assertEquals } from "@std/assert";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** What few servers have. */
const OF_FEW = [
  ...["auth/file/edit", "auth/remote/http", "cli/serve/tls", "cli/serve/xferlog_file", "cli/settings/usage"],
  ...["tls/certificates", "tls/certificate_store", "vfs/mounts/mounts", "vfs/name_filter", "vfs/quota"],
].map((name) => new URL(`../../lib/${name}.ts`, import.meta.url).href);

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
      const { specifier } = code;
      if (late.test(specifier) || OF_FEW.includes(specifier)) tooEarly.push(`${specifier} by ${url}`);
      seen.add(specifier);
    }
  }
  assertEquals(tooEarly, []);
  assertEquals(seen.size > 100, true);
});
