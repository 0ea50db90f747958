/**
 * Does one job with basic-ftp from npm. The job is JSON in the first argument; the conversation goes to standard
 * output, a listing to standard error, one name a line. A process of its own, like every other client, so that the
 * server's project does not depend on it.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix -- only this script uses it
import { Client } from "npm:basic-ftp@6.0.1";

/** What {@link perform} reads from the first argument. */
interface Job {
  readonly action: "upload" | "download" | "change" | "names" | "tree up" | "tree down";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly local: string;
  readonly remote: string;
  readonly resume?: boolean;
  readonly append?: boolean;
  readonly verb: "mkdir" | "rmdir" | "delete" | "rename";
  readonly path: string;
  readonly to: string;
}

function say(stream: { writeSync(data: Uint8Array): number }, text: string): void {
  stream.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function upload(client: Client, job: Job): Promise<void> {
  if (job.resume) {
    await client.appendFrom(job.local, job.remote, { localStart: await client.size(job.remote) });
  } else if (job.append) {
    await client.appendFrom(job.local, job.remote);
  } else {
    await client.uploadFrom(job.local, job.remote);
  }
}

async function download(client: Client, job: Job): Promise<void> {
  const start = job.resume ? (await Deno.stat(job.local)).size : 0;
  await client.downloadTo(job.local, job.remote, start);
}

async function change(client: Client, job: Job): Promise<void> {
  switch (job.verb) {
    case "mkdir":
      await client.send(`MKD ${job.path}`);
      return;
    case "rmdir":
      return await client.removeDir(job.path);
    case "delete":
      await client.remove(job.path);
      return;
    case "rename":
      await client.rename(job.path, job.to);
  }
}

async function names(client: Client, job: Job): Promise<void> {
  for (const file of await client.list(job.path)) say(Deno.stderr, file.name);
}

async function perform(client: Client, job: Job): Promise<void> {
  switch (job.action) {
    case "upload":
      return await upload(client, job);
    case "download":
      return await download(client, job);
    case "change":
      return await change(client, job);
    case "names":
      return await names(client, job);
    case "tree up":
      return await client.uploadFromDir(job.local, job.remote);
    case "tree down":
      return await client.downloadToDir(job.local, job.remote);
  }
}

const job: Job = JSON.parse(Deno.args[0] ?? "{}");
const client = new Client(30_000);
client.ftp.log = (line) => say(Deno.stdout, line);
client.ftp.verbose = true;
try {
  await client.access(job);
  await perform(client, job);
} finally {
  client.close();
}
