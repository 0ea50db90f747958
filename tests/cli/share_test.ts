import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { runShare } from "../../lib/cli/share/share.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

interface Shared {
  readonly url: string;
  readonly stdout: string;
}

interface ShareRun {
  readonly code: number;
  readonly stderr: string;
}

/** Runs `share` in a process of its own with no more than the permissions it asks for, until `use` has ended. */
async function share(flags: readonly string[], use: (shared: Shared) => Promise<void>): Promise<ShareRun> {
  let permissions = "";
  const io = { stdout: (text: string) => void (permissions += text), stderr: (text: string) => assert(false, text) };
  assertEquals(await runPermissions(["share", ...flags], io), 0);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...permissions.trimEnd().split("\n"), MAIN, "share", ...flags],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const decoder = new TextDecoder();
  let stdout = "";
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    const url = /^ {4}.*?(ftp:\/\/\S+)\n/m.exec(stdout)?.[1];
    if (url === undefined) continue;
    try {
      await use({ url, stdout });
    } finally {
      child.kill("SIGINT");
    }
  }
  return { code: (await child.status).code, stderr: await stderr };
}

/** A directory with one file, and curl in it. */
class Bed implements AsyncDisposable {
  private constructor(readonly directory: string) {}

  static async make(): Promise<Bed> {
    const bed = new Bed(await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-share-" })));
    await Deno.writeTextFile(join(bed.directory, "a.txt"), "hello");
    return bed;
  }

  async curl(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
    const command = new Deno.Command("curl", { args: ["--silent", ...args], cwd: this.directory, stdin: "null" });
    const { code, stdout } = await command.output();
    return { code, text: new TextDecoder().decode(stdout) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

const ignore = Deno.build.os === "windows" || !await hasCurl();

async function hasCurl(): Promise<boolean> {
  try {
    return (await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output()).success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "share prints a URL that reads, and refuses to write, until SIGINT",
  ignore,
  fn: async () => {
    await using bed = await Bed.make();
    const { code, stderr } = await share([bed.directory], async ({ url, stdout }) => {
      assertMatch(stdout, /^ready ftp:\/\/127\.0\.0\.1:\d+\nSharing .* \(read-only\) until Ctrl-C:\n/);
      assertMatch(url, /^ftp:\/\/share:[a-zA-Z2-9]{16}@127\.0\.0\.1:\d+\/$/);
      assertEquals(await bed.curl(`${url}a.txt`), { code: 0, text: "hello" });
      assertEquals((await bed.curl("-T", "a.txt", `${url}b.txt`)).code, 25);
      assertEquals((await bed.curl(url.replace(/:[^:@]+@/, ":wrong@"))).code, 67);
    });
    assertEquals(code, 0, stderr);
  },
});

Deno.test({
  name: "share --write --user lets that user write",
  ignore,
  fn: async () => {
    await using bed = await Bed.make();
    const { code, stderr } = await share([bed.directory, "--write", "--user", "eve"], async ({ url, stdout }) => {
      assertStringIncludes(stdout, "(read and write)");
      assertStringIncludes(url, "ftp://eve:");
      assertEquals((await bed.curl("-T", "a.txt", `${url}b.txt`)).code, 0);
      assertEquals(await Deno.readTextFile(join(bed.directory, "b.txt")), "hello");
    });
    assertEquals(code, 0, stderr);
  },
});

Deno.test({
  name: "share --tls takes no password in clear",
  ignore,
  fn: async () => {
    await using bed = await Bed.make();
    const { code, stderr } = await share([bed.directory, "--tls"], async ({ url, stdout }) => {
      assertStringIncludes(stdout, `curl --ssl-reqd --insecure ${url}`);
      assertEquals(await bed.curl("--ssl-reqd", "--insecure", `${url}a.txt`), { code: 0, text: "hello" });
      assertEquals((await bed.curl(`${url}a.txt`)).code, 67);
    });
    assertEquals(code, 0, stderr);
  },
});

Deno.test("share warns of an address that others reach, and takes the port it is given", async () => {
  await using bed = await Bed.make();
  const ending = new AbortController();
  const written = { stdout: "", stderr: "" };
  const io = {
    stdout: (text: string) => void (written.stdout += text),
    stderr: (text: string) => void (written.stderr += text),
  };
  const onReady = () => ending.abort();
  const status = await runShare([bed.directory, "--host", "0.0.0.0"], io, { signal: ending.signal, onReady });
  assertEquals(status, 0, written.stderr);
  const warning = "denoftpd: warning: Password and files are sent in clear to 0.0.0.0: add --tls\n";
  assertEquals(written.stderr.slice(0, warning.length), warning);
  assertMatch(written.stdout, /^ready ftp:\/\/0\.0\.0\.0:(\d+)\n[^]*@[\d.]+:\1\/\n/);
});
