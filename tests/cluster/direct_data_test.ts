/** Sessions through a real HAProxy whose data connections go to the node itself, for the clients that can. */

import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { Client } from "../../lib/client/mod.ts";
import { loopbackPlaces } from "../../scripts/bench/places.ts";
import { makePayload, sha256, sha256OfFile } from "../clients/payload.ts";
import { find, run } from "../clients/process.ts";
import { Wire } from "../helpers/wire.ts";
import { Balanced, PUBLIC } from "./balanced.ts";

/** Where clients are. */
const CLIENT = "127.0.3.7";
const places = loopbackPlaces(1);
const NODE = places.nodes[0]?.address ?? "";
const missing = (await Promise.all(["haproxy", "curl"].map(find))).includes(undefined);
const ignore = missing && Deno.env.get("CI") === undefined;
const SIZE = 3_000_017;

Deno.test({
  name: "With --passive-address of the node, what PASV names is the node, and EPSV goes through HAProxy",
  ignore,
  fn: async () => {
    await using balanced = await Balanced.start({
      nodes: 1,
      places,
      flags: ["--passive-address", NODE, "--passive-local-networks", "none"],
    });
    const sent = join(balanced.directory, "sent");
    const payload = makePayload(SIZE);
    await Deno.writeFile(sent, payload);
    const digest = await sha256(payload);

    // It believes the address in 227 if it is asked to. (So does lftp, but for addresses of loopback.)
    for (const tls of [[], ["--ssl-reqd", "--cacert", balanced.certificateFile]]) {
      const there = `localhost:${balanced.port}:${PUBLIC}`;
      await run("curl", [
        ...["-s", "--user", "demo:demo", "--interface", CLIENT, "--resolve", there, ...tls],
        ...["--disable-epsv", "--no-ftp-skip-pasv-ip", "-T", sent, `ftp://localhost:${balanced.port}/curl`],
      ]);
      assertEquals(await sha256OfFile(join(balanced.root, "curl")), digest);
      await Deno.remove(join(balanced.root, "curl"));
    }

    // Others than the client of the session are turned away at the node itself, too.
    await using wire = await Wire.connect(balanced.port, { hostname: PUBLIC, from: CLIENT });
    await wire.expectReply(220);
    await wire.login();
    const [, named = "", high = "", low = ""] = /\((\d+,\d+,\d+,\d+),(\d+),(\d+)\)/.exec(
      (await wire.expect("PASV", 227)).lines.join(),
    ) ?? [];
    assertEquals(named.replaceAll(",", "."), NODE);
    await using stranger = await Wire.connect(Number(high) * 256 + Number(low), { hostname: NODE, from: "127.0.3.8" });
    await assertRejects(() => stranger.reply());

    // Ours does not believe it, and reaches the node all the same.
    {
      await using client = await Client.connect({
        ...{ host: PUBLIC, port: balanced.port, user: "demo", password: "demo", tls: "off" },
      });
      using file = await Deno.open(sent);
      await client.upload({ read: (buffer) => file.read(buffer) }, "ours");
      assertEquals(await sha256OfFile(join(balanced.root, "ours")), digest);
    }
    // HAProxy logs what clients have sent something over.
    const log = await balanced.passedOn(/ slice-a slice-a\/a /);
    assertEquals(log.match(/ slice-a slice-a\/a /g)?.length, 1, log);
  },
});
