const { Readable } = require("node:stream");
const { Client } = require("basic-ftp");
const { connectFixture } = require("denoftpd");

test("uploads a file", async () => {
  const server = await connectFixture(process.env.FTP_CONTROL);
  const client = new Client();
  const login = { host: server.hostname, port: server.port, user: "test+upload", password: "secret" };
  await client.access({ ...login, secure: true, secureOptions: { ca: server.ca } });
  await client.uploadFrom(Readable.from(["hello"]), "hello.txt");
  client.close();
  expect(await server.filesOf("upload").texts()).toEqual({ "/hello.txt": "hello" });
});
