// A test with Node's own test runner and basic-ftp:  npm install && npm test

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { Client } from "basic-ftp";
import { startFixture } from "./fixture.js";

let server;

before(async () => server = await startFixture("--user", "test:secret", "--control"));
after(() => server.stop());

/** A client in a private copy of the files, so that tests can run in parallel. */
async function connect(label) {
  const client = new Client();
  await client.access({ host: server.host, port: server.port, user: `test+${label}`, password: "secret" });
  return client;
}

test("uploads a file", async () => {
  const client = await connect("uploads");
  await client.uploadFrom(Readable.from(["hello"]), "hello.txt");
  client.close();
  const stored = await fetch(`${server.control}/files/hello.txt?label=uploads`);
  assert.equal(await stored.text(), "hello");
});

test("notices an upload that was cut off", async () => {
  const client = await connect("cut");
  const rule = { verb: "STOR", user: "test+cut", action: "reset", after: 1000 };
  await fetch(`${server.control}/faults`, { method: "POST", body: JSON.stringify(rule) });
  await assert.rejects(client.uploadFrom(Readable.from([Buffer.alloc(1_000_000)]), "big.bin"));
  client.close();
});
