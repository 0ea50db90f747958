import { assertEquals } from "@std/assert";
import { writeAll } from "../../lib/net/connection.ts";
import { patternOf, sha256 } from "../data/helpers.ts";
import { nativeIo } from "../helpers/native.ts";
import { nativeConversation, type Stage } from "../helpers/server.ts";
import type { Wire } from "../helpers/wire.ts";

/** A small file again and again, and what surprises those who expect another one. */
const SIZES = [1, 4096, 4096, 65535, 65536, 100, 65537, 100, 100, 300_000, 100, 0, 100, 100];

let native: ReturnType<typeof nativeIo> | undefined;
const withLibrary = {
  options: {
    get dataEngine() {
      return (native ??= nativeIo()).dataEngine;
    },
  },
};

/** As a client that does not wait for the preliminary reply: it is there when the server looks. */
async function uploadEarly(ftp: Wire, line: string, content: Uint8Array): Promise<void> {
  const data = await ftp.passive();
  const sent = writeAll(data, content).then(() => data.closeWrite());
  await ftp.send(line);
  await sent;
  assertEquals(await ftp.codes(2), [150, 226]);
  data.close();
}

async function check({ files }: Stage, path: string, content: Uint8Array): Promise<void> {
  const stored = files.read(path);
  assertEquals([stored.length, await sha256(stored)], [content.length, await sha256(content)], path);
}

nativeConversation("Small uploads one after the other are stored as they are", withLibrary, async (stage) => {
  const { ftp } = stage;
  await ftp.expect("TYPE I", 200);
  for (const [index, size] of SIZES.entries()) {
    const content = patternOf(size);
    await uploadEarly(ftp, `STOR early${index}`, content);
    await check(stage, `/early${index}`, content);
    await uploadEarly(ftp, "STOR again", content);
    await check(stage, "/again", content);
  }
  for (const [index, size] of SIZES.entries()) {
    const content = patternOf(size);
    await ftp.upload(`STOR late${index}`, content);
    await check(stage, `/late${index}`, content);
    await uploadEarly(ftp, "STOR again", content);
    await check(stage, "/again", content);
  }
});

nativeConversation("A small upload of two sessions at once, and one that breaks off", withLibrary, async (stage) => {
  const { ftp, connect } = stage;
  const content = patternOf(4096);
  await ftp.expect("TYPE I", 200);
  for (let times = 0; times < 3; times++) await uploadEarly(ftp, "STOR alone", content);
  const other = await connect();
  await other.login();
  await other.expect("TYPE I", 200);
  for (let times = 0; times < 3; times++) {
    await Promise.all([uploadEarly(ftp, "STOR mine", content), uploadEarly(other, "STOR theirs", content)]);
    await check(stage, "/mine", content);
    await check(stage, "/theirs", content);
  }
  await other.expect("QUIT", 221);
  await uploadEarly(ftp, "STOR alone", content);
  const data = await ftp.begin("STOR broken");
  await writeAll(data, content);
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
  data.close();
  await uploadEarly(ftp, "STOR alone", content);
  await check(stage, "/alone", content);
});
