/**
 * One errand with basic-ftp, which is a library.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix -- the benchmark alone needs it, and the lock file is that of the program
import { Client } from "npm:basic-ftp@6.0.1";
import { join } from "@std/path";
import type { Errand, Job } from "./agents.ts";

const { job, host, port, local, source, folder }: Errand & { readonly job: Job } = JSON.parse(Deno.args[0] ?? "");

const client = new Client();
try {
  await client.access({ host, port, user: "bench", password: "bench" });
  await perform();
} finally {
  client.close();
}

async function perform(): Promise<void> {
  switch (job) {
    case "getLarge":
      await client.downloadTo(join(local, "large"), "large");
      return;
    case "putLarge":
      await client.uploadFrom(join(source, "large"), "up/large");
      return;
    case "getSmall":
      await client.downloadToDir(local, folder);
      return;
    case "putSmall":
      await client.uploadFromDir(join(source, folder), "up");
      return;
    case "list":
      await client.list("up");
      return;
  }
}
