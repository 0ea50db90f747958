import { Readable } from "node:stream";
import { Client } from "basic-ftp";
import { connectFixture } from "denoftpd";
import { expect, inject, test } from "vitest";

test("uploads a file", async () => {
  const server = await connectFixture(inject("ftp"));
  const client = new Client();
  const login = { host: server.hostname, port: server.port, user: "test+upload", password: "secret" };
  await client.access({ ...login, secure: true, secureOptions: { ca: server.ca } });
  await client.uploadFrom(Readable.from(["hello"]), "hello.txt");
  client.close();
  expect(await server.filesOf("upload").texts()).toEqual({ "/hello.txt": "hello" });
});
