/**
 * Does one job with basic-ftp over TLS, on Node: on Deno 2.9.6 the end of a download under TLS never reaches it. The job is JSON in
 * the first argument, which says where the package is, too; the conversation goes to standard output.
 *
 * @module
 */

import process from "node:process";

const job = JSON.parse(process.argv[2] ?? "{}");
const { Client } = await import(job.package);
const client = new Client(30_000);
client.ftp.log = (line) => process.stdout.write(`${line}\n`);
client.ftp.verbose = true;
try {
  await client.access(job);
  if (job.action === "upload") await client.uploadFrom(job.local, job.remote);
  else await client.downloadTo(job.local, job.remote);
} finally {
  client.close();
}
