import { assertEquals, assertRejects } from "@std/assert";
import { run } from "../clients/process.ts";
import { readAll, Wire } from "../helpers/wire.ts";
import { runExecutable } from "./executable.ts";

const FLAGS = ["fixture", "--user", "ann:pass word", "--tls", "--control"];

/** Uploads and downloads a file over TLS. */
async function comeAndGo(url: string): Promise<void> {
  const login = ["--disable", "--silent", "--show-error", "--user", "ann:pass word", "--ssl-reqd", "--insecure"];
  await run("curl", [...login, "--upload-file", "-", `${url}/a.txt`], { stdin: "hello" });
  const { stdout } = await run("curl", [...login, `${url}/a.txt`]);
  assertEquals(stdout, "hello");
}

Deno.test("executable's fixture ends on SIGTERM once a client with TLS has left", async () => {
  const { code, stderr } = await runExecutable(FLAGS, {
    whenReady: (_port, { line }) => comeAndGo(JSON.parse(line).url),
  });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("executable's fixture ends on closed standard input once a client with TLS has left", async () => {
  const { code, stderr } = await runExecutable([...FLAGS, "--exit-on-stdin-close"], {
    stdin: "piped",
    whenReady: async (_port, { line, process }) => {
      await comeAndGo(JSON.parse(line).url);
      await process.stdin.close();
      await process.status;
    },
  });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("executable's fixture resets connections, data and control, and goes on", async () => {
  const { code, stderr } = await runExecutable(FLAGS, {
    whenReady: async (port, { line }) => {
      const { control } = JSON.parse(line);
      const rules = [{ verb: "RETR", action: "reset", after: 1000 }, { verb: "DELE", action: "reset" }];
      for (const rule of rules) {
        const response = await fetch(`${control}/faults`, { method: "POST", body: JSON.stringify(rule) });
        await response.body?.cancel();
        assertEquals(response.ok, true);
      }
      await using ftp = await Wire.connect(port);
      await ftp.expectReply(220);
      await ftp.login("ann", "pass word");
      await ftp.upload("STOR large", "x".repeat(100_000));
      const data = await ftp.passive();
      await ftp.expect("RETR large", 150);
      await assertRejects(() => readAll(data), Deno.errors.ConnectionReset);
      await ftp.expectReply(426);
      await assertRejects(() => ftp.say("DELE large"), Deno.errors.ConnectionReset);
      await using other = await Wire.connect(port);
      await other.expectReply(220);
    },
  });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});
