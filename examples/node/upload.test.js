// Tests with Node's own runner and basic-ftp, over TLS:  npm install && npm test

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { Client } from "basic-ftp";
import { startFixture } from "denoftpd";

let server;

before(async () => server = await startFixture({ users: { test: "secret" }, tls: true }));
after(() => server.stop());

/** A client in a private copy of the files, so that tests can run in parallel. */
async function connect(label) {
  const client = new Client();
  const account = { user: `test+${label}`, password: server.users.test.password };
  const trust = { secure: true, secureOptions: { ca: server.ca } };
  await client.access({ host: server.hostname, port: server.port, ...account, ...trust });
  return client;
}

test("uploads a file", async () => {
  const client = await connect("uploads");
  await client.uploadFrom(Readable.from(["hello"]), "hello.txt");
  client.close();
  assert.deepEqual(await server.filesOf("uploads").texts(), { "/hello.txt": "hello" });
  await server.journal.sequence(["PROT P", "STOR hello.txt", 226], { user: "test+uploads" });
});

test("notices an upload that was cut off", async () => {
  const client = await connect("cut");
  await server.faults.add({ verb: "STOR", user: "test+cut", action: "reset", after: 1000 });
  await assert.rejects(client.uploadFrom(Readable.from([Buffer.alloc(1_000_000)]), "big.bin"));
  client.close();
});
