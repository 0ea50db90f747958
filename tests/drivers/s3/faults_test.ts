import { createHash } from "node:crypto";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { S3Roots } from "../../../lib/drivers/s3/open.ts";
import { parseRoot } from "../../../lib/drivers/s3/place.ts";
import { parseXml } from "../../../lib/drivers/s3/xml.ts";
import { parseCredentials } from "../../../lib/drivers/s3/credentials.ts";
import { assertFails, at, drain, listAll, put, readText } from "../../../lib/vfs/testing/helpers.ts";
import fc from "fast-check";
import { gzipSync } from "fflate";
import { keysFile, openS3 } from "../../helpers/s3.ts";
import { failed, KEYS, S3Server } from "../../helpers/s3_server.ts";

Deno.test("requests that were throttled or cut off are sent again", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  let faults = 0;
  server.fault = () => ++faults % 3 === 0 ? undefined : faults % 3 === 1 ? { answer: failed(503, "SlowDown") } : {};
  await put(vfs, "/f", "content");
  assertEquals(await readText(vfs, "/f"), "content");
  assertEquals([...(await listAll(vfs, "/")).keys()], ["f"]);
});

Deno.test("each request is reported with how it ended, attempts by themselves", async () => {
  const outcomes: string[] = [];
  await using subject = await openS3({}, {
    onRequest: ({ method, outcome, milliseconds }) => {
      assert(milliseconds >= 0);
      outcomes.push(`${method} ${outcome}`);
    },
  });
  const { server, vfs } = subject;
  await put(vfs, "/f", "content");
  const answers = [failed(503, "SlowDown"), failed(500, "InternalError"), failed(403, "AccessDenied")];
  outcomes.length = 0;
  server.fault = () => ({ answer: answers.shift() ?? failed(404, "NoSuchKey") });
  await assertRejects(() => vfs.openRead(at("/f")));
  assertEquals(outcomes, ["GET throttled", "GET failed", "GET refused"]);
  await assertRejects(() => vfs.openRead(at("/f")));
  assertEquals(outcomes[3], "GET missing");
});

Deno.test("a store that does not answer is reported in one sentence, without an address", async () => {
  await using subject = await openS3({}, { patience: 0 });
  const { server, vfs } = subject;
  await put(vfs, "/f", "old");
  server.fault = () => ({ answer: failed(503, "SlowDown") });
  const error = await assertRejects(() => vfs.stat(at("/f")), Error);
  assert("hint" in error);
  assertEquals(error.hint, "The object store does not answer, try again later");
  await assertFails("failed", () => vfs.openWrite(at("/f")));
});

Deno.test("a download whose connection breaks goes on from there, with the same object", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  const content = new Uint8Array(3_000_000).map((_, index) => index * 31);
  server.put("ftp/f", content);
  const source = await vfs.openRead(at("/f"));
  let cuts = 0;
  server.fault = ({ operation, headers }) => {
    if (operation === "GetObject" && headers.has("range")) cuts++;
    return undefined;
  };
  const start = new Uint8Array(1000);
  const count = await source.read(start) ?? 0;
  assertEquals(start.subarray(0, count), content.subarray(0, count));
  source.close();
  const rest = await drain(await vfs.openRead(at("/f"), count), 65_536);
  assertEquals([rest.length + count, cuts], [content.length, 1]);
  let broken = false;
  server.fault = ({ operation }) => {
    if (operation !== "GetObject" || broken) return undefined;
    broken = true;
    return { answer: cutAnswer(content, 100_000) };
  };
  assertEquals(await drain(await vfs.openRead(at("/f")), 65_536), content);
  server.fault = ({ operation }) => {
    if (operation !== "GetObject" || server.text("ftp/f") === "other") return undefined;
    const answer = cutAnswer(content, 100_000);
    server.put("ftp/f", "other");
    return { answer };
  };
  const changed = await vfs.openRead(at("/f"));
  await assertFails("vanished", () => drain(changed, 65_536));
});

/** The first bytes of an object, and then an end. */
function cutAnswer(content: Uint8Array<ArrayBuffer>, bytes: number): Response {
  let isSent = false;
  const body = new ReadableStream({
    pull(controller) {
      if (isSent) return controller.error(new Error("Cut off"));
      isSent = true;
      controller.enqueue(content.slice(0, bytes));
    },
  });
  return new Response(body, { headers: { "content-length": String(content.length), etag: etagOf(content) } });
}

function etagOf(content: Uint8Array): string {
  return `"${createHash("md5").update(content).digest("hex")}"`;
}

Deno.test("a rename that fails in between leaves two files, never none", async () => {
  await using subject = await openS3({}, { patience: 0 });
  const { server, vfs } = subject;
  await put(vfs, "/f", "content");
  server.fault = ({ operation }) => operation === "DeleteObject" ? { answer: failed(503, "SlowDown") } : undefined;
  await assertFails("failed", () => vfs.rename(at("/f"), at("/g")));
  assertEquals([server.text("ftp/f"), server.text("ftp/g")], ["content", "content"]);
  server.fault = ({ operation }) => operation === "CopyObject" ? { answer: failed(200, "InternalError") } : undefined;
  await assertFails("failed", () => vfs.rename(at("/f"), at("/h")));
  assertEquals([server.text("ftp/f"), server.text("ftp/h")], ["content", undefined]);
});

Deno.test("a directory is renamed whole, up to the limit, and what cannot be is left as it was", async () => {
  await using subject = await openS3({ pageSize: 3 }, { renameLimit: 10 });
  const { server, vfs } = subject;
  for (let index = 0; index < 10; index++) server.put(`ftp/d/e${index % 3}/f${index}`, `content ${index}`);
  await vfs.rename(at("/d"), at("/moved"));
  assertEquals([...server.objects.keys()].filter((key) => key.startsWith("ftp/d/")), []);
  assertEquals(await readText(vfs, "/moved/e1/f4"), "content 4");
  server.put("ftp/moved/one-more", "");
  await assertFails("unsupported", () => vfs.rename(at("/moved"), at("/d")), "More than 10 objects");
  assertEquals(await readText(vfs, "/moved/e1/f4"), "content 4");
});

Deno.test("directories of other programs, without a marker, stay when their last file goes", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  server.put("ftp/d/f", "x");
  assertEquals((await vfs.stat(at("/d"))).kind, "directory");
  await vfs.remove(at("/d/f"));
  assertEquals([...(await listAll(vfs, "/d")).keys()], []);
  await vfs.rmdir(at("/d"));
  await assertFails("notFound", () => vfs.stat(at("/d")));
});

Deno.test("the time of a file is in the metadata, as rclone and s3fs have it", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  server.put("ftp/f", "x", {
    "x-amz-meta-mtime": "981173106.789",
    "x-amz-meta-color": "red",
    "content-type": "text/x",
  });
  assertEquals((await vfs.stat(at("/f"))).modified, 981_173_106_789);
  await vfs.capabilities.setModified?.(at("/f"), Date.UTC(2020, 0, 2));
  assertEquals(server.objects.get("ftp/f")?.headers, {
    "content-type": "text/x",
    "x-amz-meta-color": "red",
    "x-amz-meta-mtime": "1577923200",
  });
  const slow = await subject.reopen({ listTimes: "metadata" });
  assertEquals((await listAll(slow, "/")).get("f")?.modified, Date.UTC(2020, 0, 2));
});

Deno.test("an object with a content encoding is sent as it is stored", async () => {
  await using subject = await openS3();
  const { server, vfs } = subject;
  const stored = new Uint8Array(gzipSync(new TextEncoder().encode("hello ".repeat(1000))));
  server.put("ftp/f.gz", stored, { "content-encoding": "gzip" });
  assertEquals((await vfs.stat(at("/f.gz"))).size, stored.length);
  assertEquals(await drain(await vfs.openRead(at("/f.gz"))), stored);
  assertEquals(await drain(await vfs.openRead(at("/f.gz"), 5)), stored.subarray(5));
});

Deno.test("the token of a workload is exchanged for keys, which are renewed before they end", async () => {
  await using store = new S3Server();
  const asked: string[] = [];
  await using sts = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    asked.push(await request.text());
    const { accessKeyId, secretAccessKey } = KEYS;
    const until = new Date(Date.now() + 60_000).toISOString();
    return new Response(
      `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
      <AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>
      <SessionToken>session</SessionToken><Expiration>${until}</Expiration>
      </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    );
  });
  const token = await Deno.makeTempFile();
  await Deno.writeTextFile(token, "the-token\n");
  const variables = {
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_ROLE_ARN: "arn:aws:iam::1:role/files",
    AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${sts.addr.port}`,
  };
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    const vfs = await new S3Roots({ endpoint: store.url, credentials: "web-identity" }).open("s3://files");
    await put(vfs, "/f", "content");
    assertEquals(store.text("f"), "content");
    assert(asked.length > 1 && asked[0]?.includes("WebIdentityToken=the-token"));
    assertEquals(store.calls.at(-1)?.headers.get("x-amz-security-token"), "session");
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
    await Deno.remove(token);
  }
});

Deno.test("a root that cannot be used is refused with one sentence that says what to do, and no secret", async () => {
  await using server = new S3Server();
  await using keys = await keysFile();
  await using wrong = await keysFile({ ...KEYS, secretAccessKey: "wrong-secret-42" });
  await using unknown = await keysFile({ ...KEYS, accessKeyId: "unknown-key" });
  const endpoint = server.url;
  const gone = new S3Server();
  await gone[Symbol.asyncDispose]();
  const file = { file: keys.path };
  const cases = [
    [{ endpoint, credentials: file }, "s3://none", `there is no bucket "none" at "${endpoint}"`],
    [
      { endpoint, credentials: file, region: "eu-1" },
      "s3://files",
      `not in the region "eu-1": name the right one with`,
    ],
    [{ endpoint, credentials: { file: wrong.path } }, "s3://files", "the secret key does not fit the access key"],
    [{ endpoint, credentials: { file: unknown.path } }, "s3://files", "the access key is not known"],
    [{ endpoint: "http://127.0.0.1:1", credentials: file, patience: 0 }, "s3://files", "correct --s3-endpoint"],
    [{ endpoint: gone.url, credentials: file, patience: 0 }, "s3://files", "Connection refused"],
    [{ endpoint, credentials: { file: "/nowhere" } }, "s3://files", '"/nowhere": it does not exist'],
    [{ endpoint, credentials: file }, "s3:///prefix", "names no bucket"],
  ] as const;
  for (const [options, root, expected] of cases) {
    const error = await assertRejects(async () => await new S3Roots(options).open(root), Error);
    assertStringIncludes(error.message, expected);
    assert(!/secret-|\n/.test(error.message), error.message);
  }
});

Deno.test("parseRoot takes a bucket and a prefix, and nothing that an object store would not resolve", () => {
  assertEquals(parseRoot("s3://b-1"), { bucket: "b-1", prefix: "" });
  assertEquals(parseRoot("S3://b-1//home/%25%20a/"), { bucket: "b-1", prefix: "home/% a/" });
  for (
    const root of ["s3:", "s3://", "s3://b?x", "s3://b-1/a/../b", "s3://b-1/%2e%2e", "s3://b-1/a%2Fb", "s3://b-1/%"]
  ) {
    let message = "";
    try {
      parseRoot(root);
    } catch (error) {
      message = String(error);
    }
    assertStringIncludes(message, root);
  }
});

Deno.test("parseCredentials reads the default section of a file of Amazon's tools", () => {
  const text = "[other]\naws_access_key_id=no\n[default]\naws_access_key_id = a\r\naws_secret_access_key=s=/+\n[x]\n";
  assertEquals(parseCredentials(text), { accessKeyId: "a", secretAccessKey: "s=/+" });
  assertEquals(parseCredentials("aws_access_key_id=a\naws_secret_access_key=s\naws_session_token=t"), {
    accessKeyId: "a",
    secretAccessKey: "s",
    sessionToken: "t",
  });
});

Deno.test("parseXml reads what is well formed, and never throws", () => {
  assertEquals(parseXml('<?xml version="1.0"?><a><b/><c>&lt;&#65;&#x42;</c></a>')?.children.map(({ text }) => text), [
    "",
    "<AB",
  ]);
  for (const cut of ["<a><b>", "<a></b>", "</a>", "", "text"]) assertEquals(parseXml(cut), undefined);
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'<>/?!-&;ab[]"= ') }), (text) => void parseXml(text)));
});
