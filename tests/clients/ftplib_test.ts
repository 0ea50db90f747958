import { fromFileUrl } from "@std/path";
import type { Bench } from "./bench.ts";
import type { Finished } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { type Change, type Client, testClient, type Transfer } from "./suite.ts";

const SCRIPT = fromFileUrl(new URL("./ftplib_client.py", import.meta.url));

function ftplib(bench: Bench, job: Readonly<Record<string, unknown>>): Promise<Finished> {
  const { host, port } = bench.server;
  return bench.run("python3", ["-B", SCRIPT, JSON.stringify({ host, port, ...ALICE, ...job })]);
}

const client: Client = {
  name: "ftplib",
  programs: ["python3"],
  modes: ["PASV", "EPSV", "PORT", "EPRT"],
  modes6: ["EPSV", "EPRT"],
  skills: ["resume download", "resume upload", "append", "ascii"],

  async transfer(bench: Bench, transfer: Transfer): Promise<string> {
    const { direction: action, resume = false, append = false, ascii = false } = transfer;
    return (await ftplib(bench, { ...transfer, action, resume, append, ascii })).stdout;
  },

  async change(bench: Bench, change: Change): Promise<void> {
    await ftplib(bench, { action: "change", ...change });
  },

  async list(bench: Bench, directory: string): Promise<string[]> {
    return (await ftplib(bench, { action: "names", directory })).stderr.split("\n").filter((line) => line !== "");
  },
};

await testClient(client);
