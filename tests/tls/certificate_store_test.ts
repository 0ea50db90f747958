import { once } from "node:events";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { CertificateStore, type CertificateStoreOptions } from "../../lib/tls/certificate_store.ts";
import { CertificateError, type KeyPair, type KeyPairFiles } from "../../lib/tls/certificates.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { createTlsEndpoint } from "../../lib/tls/tls.ts";
import { putPipe, withoutDescriptors } from "../helpers/stub.ts";
import { encode, loopback, nodeClient, readText, ROUTES, selfSigned } from "./helpers.ts";

const renewed = await createSelfSigned({ names: ["renewed.example"] });

/** A folder with a pair in it. */
class PairFolder implements AsyncDisposable {
  readonly files: KeyPairFiles;

  private constructor(readonly path: string) {
    this.files = { certificateFile: join(path, "cert.pem"), privateKeyFile: join(path, "key.pem") };
  }

  static async create(pair: KeyPair): Promise<PairFolder> {
    const folder = new PairFolder(await Deno.makeTempDir());
    await folder.write(pair);
    return folder;
  }

  async write({ certificate, privateKey }: Pick<KeyPair, "certificate" | "privateKey">): Promise<void> {
    await Deno.writeTextFile(this.files.certificateFile, certificate);
    await Deno.writeTextFile(this.files.privateKeyFile, privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Callbacks of a store as promises: the next one of each kind. */
function watchStore(): { options: CertificateStoreOptions; reloaded: Promise<unknown>; refused: Promise<string> } {
  const reloaded = Promise.withResolvers<unknown>();
  const refused = Promise.withResolvers<string>();
  return {
    options: { settleTime: 20, onReload: reloaded.resolve, onRefused: refused.resolve },
    reloaded: reloaded.promise,
    refused: refused.promise,
  };
}

Deno.test("CertificateStore open refuses a mismatched pair", async () => {
  await using folder = await PairFolder.create({ ...selfSigned, privateKey: renewed.privateKey });
  await assertRejects(() => CertificateStore.open([folder.files]), CertificateError, "does not belong to");
});

Deno.test("CertificateStore takes a renewed pair when its files change", async () => {
  await using folder = await PairFolder.create(selfSigned);
  const { options, reloaded } = watchStore();
  await using store = await CertificateStore.open([folder.files], options);
  assertEquals(store.select(undefined).certificate, selfSigned.certificate);
  await folder.write(renewed);
  await reloaded;
  assertEquals(store.select(undefined).certificate, renewed.certificate);
});

Deno.test("CertificateStore sees files that are replaced by a rename", async () => {
  await using folder = await PairFolder.create(selfSigned);
  const { options, reloaded } = watchStore();
  await using store = await CertificateStore.open([folder.files], options);
  await using beside = await PairFolder.create(renewed);
  await Deno.rename(beside.files.privateKeyFile, folder.files.privateKeyFile);
  await Deno.rename(beside.files.certificateFile, folder.files.certificateFile);
  await reloaded;
  assertEquals(store.select(undefined).certificate, renewed.certificate);
});

Deno.test("CertificateStore keeps the old pair when half a pair is written", async () => {
  await using folder = await PairFolder.create(selfSigned);
  const { options, refused } = watchStore();
  await using store = await CertificateStore.open([folder.files], options);
  await Deno.writeTextFile(folder.files.certificateFile, renewed.certificate);
  assertEquals(
    await refused,
    `Key file "${folder.files.privateKeyFile}" does not belong to certificate file "${folder.files.certificateFile}"`,
  );
  assertEquals(store.select(undefined).certificate, selfSigned.certificate);
});

Deno.test("CertificateStore reload answers whether the files are in use", async () => {
  await using folder = await PairFolder.create(selfSigned);
  const told: string[] = [];
  await using store = await CertificateStore.open([folder.files], {
    watch: false,
    onReload: () => told.push("reloaded"),
    onRefused: (message) => told.push(message),
  });
  const before = store.select(undefined);
  assertEquals(await store.reload(), true);
  assert(store.select(undefined) === before, "An unchanged pair must keep its identity");
  await Deno.remove(folder.files.privateKeyFile);
  assertEquals(await store.reload(), false);
  assertEquals(await store.reload(), false);
  await folder.write(renewed);
  assertEquals(await store.reload(), true);
  assertEquals(store.select(undefined).certificate, renewed.certificate);
  const missing = `File "${folder.files.privateKeyFile}" does not exist`;
  assertEquals(told, ["reloaded", missing, missing, "reloaded"]);
});

Deno.test("CertificateStore replaces all pairs or none", async () => {
  await using first = await PairFolder.create(selfSigned);
  await using second = await PairFolder.create(selfSigned);
  await using store = await CertificateStore.open([first.files, second.files], { watch: false });
  await first.write(renewed);
  await second.write({ ...renewed, privateKey: "" });
  assertEquals(await store.reload(), false);
  for (const pair of store.pairs) assertEquals(pair.certificate, selfSigned.certificate);
});

for (const route of ROUTES) {
  Deno.test(`TlsEndpoint (${route}) serves a reloaded certificate and keeps old connections`, async () => {
    await using folder = await PairFolder.create(selfSigned);
    await using store = await CertificateStore.open([folder.files], { watch: false });
    using tls = await createTlsEndpoint(store, { route });
    const visits = [];
    for (const expected of [selfSigned, renewed]) {
      await folder.write(expected);
      await store.reload();
      const { client, server } = await loopback();
      const peer = nodeClient(client, { ca: expected.certificate });
      const [secured] = await Promise.all([tls.secure(server), once(peer, "secureConnect")]);
      assertEquals(peer.getPeerX509Certificate()?.toString().trim(), expected.certificate.trim());
      visits.push({ peer, secured });
    }
    for (const { peer, secured } of visits) {
      peer.write("NOOP\r\n");
      assertEquals(await readText(secured, 6), "NOOP\r\n");
      const answer = once(peer, "data");
      await secured.write(encode("200\r\n"));
      assertEquals(String((await answer)[0]), "200\r\n");
      peer.destroy();
      secured.close();
    }
  });
}

Deno.test("CertificateStore tries again to read a file that it could not read", async () => {
  await using folder = await PairFolder.create(selfSigned);
  const { options, reloaded, refused } = watchStore();
  await using store = await CertificateStore.open([folder.files], options);
  {
    using _fault = withoutDescriptors();
    await folder.write(renewed);
    assertStringIncludes(await refused, "cannot be read");
  }
  // Nothing changes after that.
  await reloaded;
  assertEquals(store.select(undefined).certificate, renewed.certificate);
});

const unix = { ignore: Deno.build.os === "windows" };

Deno.test("CertificateStore refuses a pipe instead of waiting for what it brings", unix, async () => {
  await using folder = await PairFolder.create(selfSigned);
  const { options, refused } = watchStore();
  await using store = await CertificateStore.open([folder.files], { ...options, watch: false });
  using _pipe = await putPipe(folder.files.privateKeyFile);
  assertEquals(await store.reload(), false);
  assertStringIncludes(await refused, "is not a regular file");
});
