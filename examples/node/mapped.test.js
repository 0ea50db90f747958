// A fixture whose ports are published on others that are known only after its start, as those of a container are. Plain
// relays publish them here; with Testcontainers it is `container.getMappedPort(port)`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { Client } from "basic-ftp";
import { startFixture } from "denoftpd";

/** Publishes a port on any free one, as `docker run --publish PORT` does. */
async function publish(port) {
  const relay = createServer((outside) => {
    const inside = connect(port, "127.0.0.1");
    outside.on("error", () => inside.destroy()).pipe(inside);
    inside.on("error", () => outside.destroy()).pipe(outside);
  });
  await once(relay.listen(0, "127.0.0.1"), "listening");
  return relay;
}

test("lists a directory through ports that are known late", async () => {
  const passivePorts = { first: 30_000, last: 30_009 };
  const files = { "/in/hello.txt": "Hello" };
  const server = await startFixture({ users: { test: "secret" }, files, tls: true, passivePorts });
  const control = await publish(server.port);
  const relays = [control];
  const ports = {};
  for (let port = passivePorts.first; port <= passivePorts.last; port++) {
    const relay = await publish(port);
    relays.push(relay);
    ports[port] = relay.address().port;
  }
  await server.setPassive({ host: "127.0.0.1", ports });

  const client = new Client();
  const login = { host: "127.0.0.1", port: control.address().port, user: "test", password: "secret" };
  await client.access({ ...login, secure: true, secureOptions: { ca: server.ca } });
  assert.deepEqual((await client.list("in")).map(({ name }) => name), ["hello.txt"]);
  client.close();
  for (const relay of relays) relay.close();
  await server.stop();
});
