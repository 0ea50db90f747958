import { assertEquals } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import type { DataConnector } from "../../lib/data/engine.ts";
import { LocalEngine } from "../../lib/data/local_engine.ts";
import { type Connection, SocketConnection } from "../../lib/net/connection.ts";
import type { ServerOptions } from "../../lib/options.ts";
import { FtpServer } from "../../lib/server/server.ts";
import type { NativeIo } from "../../lib/native/native_io.ts";
import { nativeIo, nativeTest } from "../helpers/native.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { readAll, Wire } from "../helpers/wire.ts";
import { withTempDir } from "../vfs/helpers.ts";

const CONTENT = "Hello\n".repeat(1000);

/** A server of a disk with the files `small` and `empty`. */
async function withDisk(
  check: (port: number) => Promise<void>,
  native?: NativeIo,
  options: Pick<ServerOptions, "dataEngine" | "network"> = {},
): Promise<void> {
  await withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/small`, CONTENT);
    await Deno.writeTextFile(`${dir}/empty`, "");
    await using server = new FtpServer({
      authenticator: authenticatorOf({ name: "demo" }),
      fileSystem: () => openDisk(dir, { paths: native?.paths, readDirectory: native?.readDirectory }),
      ...(native && { dataEngine: native.dataEngine }),
      ...options,
      port: 0,
    });
    server.listen();
    await check(server.address.port);
  });
}

Deno.test("RETR of a small file answers 150 at once where the client has not connected", () =>
  withDisk(async (port) => {
    await using ftp = await enter(port);
    const [, passive = ""] = /\|(\d+)\|/.exec((await ftp.expect("EPSV", 229)).lines.join()) ?? [];
    await ftp.expect("RETR small", 150);
    using data = await Deno.connect({ hostname: "127.0.0.1", port: Number(passive) });
    assertEquals(new TextDecoder().decode(await readAll(data)), CONTENT);
    await ftp.expectReply(226);
    await ftp.expect("QUIT", 221);
  }));

nativeTest("Small files go one after the other, in both directions and listed, by the C library", async () => {
  using native = nativeIo();
  await withDisk(async (port) => {
    await using ftp = await enter(port);
    for (let round = 0; round < 3; round++) {
      assertEquals(await ftp.downloadText("RETR small"), CONTENT);
      assertEquals((await ftp.downloadLines("NLST")).length, round + 2);
      assertEquals((await ftp.upload(`STOR new${round}`, CONTENT)).code, 226);
      assertEquals(await ftp.downloadText(`RETR new${round}`), CONTENT);
    }
    await ftp.expect("QUIT", 221);
  }, native);
});

/** A session that is logged in, for binary files. */
async function enter(port: number): Promise<Wire> {
  const ftp = await Wire.connect(port);
  await ftp.expectReply(220);
  await ftp.login();
  await ftp.expect("TYPE I", 200);
  return ftp;
}

/** What a control connection sends. */
class Sent extends SocketConnection {
  readonly texts: string[] = [];

  override write(data: Uint8Array): Promise<number> {
    this.texts.push(new TextDecoder().decode(data));
    return super.write(data);
  }
}

nativeTest("A small file and both of its replies leave at once where the client has connected", async () => {
  using native = nativeIo();
  const sent: Sent[] = [];
  const wrap = (connection: Connection, { purpose }: { readonly purpose: string }) => {
    if (purpose === "data") return connection;
    const noting = new Sent(connection);
    sent.push(noting);
    return noting;
  };
  await withDisk(
    async (port) => {
      await using ftp = await enter(port);
      await ftp.downloadText("RETR small");
      assertEquals(await ftp.downloadText("RETR small"), CONTENT);
      assertEquals(await ftp.downloadText("RETR empty"), "");
      await ftp.expect("QUIT", 221);
    },
    native,
    { network: { wrap } },
  );
  const replies = sent.flatMap(({ texts }) => texts).filter((text) => /^(150|226)/.test(text));
  const codes = replies.map((text) => text.split("\r\n").map((line) => line.slice(0, 3)).filter((code) => code !== ""));
  // The first goes by the runtime; of the last a client on Node hears nothing but the end, for which it must be ready.
  assertEquals(codes, [["150"], ["226"], ["150", "226"], ["150"], ["226"]]);
});

Deno.test("The preliminary reply does not wait for a client that does not take the file", async () => {
  const taken = Promise.withResolvers<void>();
  const local = new LocalEngine();
  const dataEngine = {
    listen: async (request: Parameters<LocalEngine["listen"]>[0]) =>
      reluctant(await local.listen(request), taken.promise),
    dial: local.dial.bind(local),
  };
  await withDisk(
    async (port) => {
      await using ftp = await enter(port);
      const data = await ftp.passive();
      await ftp.expect("RETR small", 150);
      taken.resolve();
      assertEquals(new TextDecoder().decode(await readAll(data)), CONTENT);
      await ftp.expectReply(226);
      await ftp.expect("QUIT", 221);
    },
    undefined,
    { dataEngine },
  );
});

/** `connector` with a client that has connected, whose connection takes nothing before `taken` resolves. */
function reluctant(connector: DataConnector, taken: Promise<void>): DataConnector {
  return {
    kind: connector.kind,
    port: connector.port,
    get over() {
      return connector.over;
    },
    hasClient: () => true,
    open: async (signal) => new Reluctant(await connector.open(signal), taken),
    close: () => connector.close(),
  };
}

class Reluctant extends SocketConnection {
  readonly #taken: Promise<void>;
  #beforeWait = () => {};

  constructor(connection: Connection, taken: Promise<void>) {
    super(connection);
    this.#taken = taken;
  }

  beforeWait(call: () => void): void {
    this.#beforeWait = call;
  }

  override async write(data: Uint8Array): Promise<number> {
    this.#beforeWait();
    await this.#taken;
    return await super.write(data);
  }
}
