import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { hasDebian, makeDebian } from "../../scripts/compile/debian.ts";
import { run, runOrThrow } from "../../scripts/compile/run.ts";
import { Wire } from "../helpers/wire.ts";
import { findExecutable, runExecutable, withDirectory } from "./executable.ts";

const IGNORED = !hasDebian(Deno.build.target) || !(await hasProgram("dpkg-deb"));

async function hasProgram(name: string): Promise<boolean> {
  return (await run(["sh", "-c", `command -v ${name}`])).success;
}

Deno.test({
  name: "the package for Debian installs into a root, runs, keeps a changed configuration, and goes",
  ignore: IGNORED,
  fn: () =>
    withDirectory(async (directory) => {
      const executable = findExecutable();
      const options = { triple: Deno.build.target, executable, output: directory, notices: "None\n" };
      const deb = await makeDebian(options);
      if (await hasProgram("lintian")) {
        assertEquals((await run(["lintian", "--no-cfg", "--allow-root", deb])).stdout, "", "lintian has no complaint");
      }
      const { stdout } = await runOrThrow(["dpkg-deb", "--contents", deb]);
      assertMatch(stdout, /^-rwxr-xr-x root\/root +\d+ \S+ \S+ \.\/usr\/bin\/denoftpd$/m);
      for (const line of stdout.trim().split("\n")) {
        assertMatch(line, /^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) root\/root /);
      }
      const root = join(directory, "root");
      await Deno.mkdir(join(root, "var/lib/dpkg/info"), { recursive: true });
      await Deno.mkdir(join(root, "var/lib/dpkg/updates"));
      await Deno.writeTextFile(join(root, "var/lib/dpkg/status"), "");
      const dpkg = (...args: string[]) =>
        runOrThrow([
          ...["dpkg", `--root=${root}`, "--force-script-chrootless", "--force-not-root", "--force-depends"],
          ...["--force-confold", `--log=${join(directory, "log")}`, ...args],
        ]);
      await dpkg("--install", deb);
      const configuration = join(root, "etc/denoftpd/denoftpd.json");
      const users = join(root, "etc/denoftpd/users.json");
      assertEquals(JSON.parse(await Deno.readTextFile(users)), { accounts: [] });
      assertEquals((await Deno.stat(users)).mode! & 0o777, 0o640);
      await Deno.writeTextFile(
        configuration,
        JSON.stringify({ users, anonymous: directory, port: 0, allowRoot: true }),
      );
      await dpkg("--install", deb);
      assert((await Deno.readTextFile(configuration)).includes("allowRoot"), "a changed configuration is kept");
      Deno.env.set("DENOFTPD_EXECUTABLE", join(root, "usr/bin/denoftpd"));
      try {
        assertMatch((await runExecutable(["version"])).stdout, /^denoftpd \d/);
        const ended = await runExecutable(["serve", "--config", configuration], {
          whenReady: async (port) => {
            await using wire = await Wire.connect(port);
            await wire.expectReply(220);
          },
        });
        assertEquals(ended.code, 0, ended.stderr);
      } finally {
        Deno.env.set("DENOFTPD_EXECUTABLE", executable);
      }
      await dpkg("--purge", "denoftpd");
      await Deno.stat(join(root, "etc/denoftpd")).then(() => assert(false, "nothing is left"), () => {});
    }),
});
