/**
 * `deno task start`: serves `./data` to the demo accounts of `users.json`, and says how to try it.
 *
 * @module
 */

import { runServe, type Serving } from "../lib/cli/serve/serve.ts";

const WELCOME = `Welcome to denoftpd.

This directory is what the demo accounts of users.json see. Upload something:

    curl -T README.md ftp://demo:demo@127.0.0.1:2121/
`;

const encoder = new TextEncoder();
const write = (to: { writeSync(bytes: Uint8Array): number }) => (text: string) =>
  void to.writeSync(encoder.encode(text));

async function prepareData(): Promise<void> {
  await Deno.mkdir("data/pub", { recursive: true });
  for (
    const [path, text] of [["data/welcome.txt", WELCOME], ["data/pub/hello.txt", "Hello from denoftpd\n"]] as const
  ) {
    try {
      await Deno.writeTextFile(path, text, { createNew: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

function howToTry({ address: { hostname, port } }: Serving): string {
  const place = `${hostname}:${port}`;
  return `
Try it:   curl ftp://demo:demo@${place}/
          curl ftp://demo:demo@${place}/welcome.txt

Accounts  demo / demo        reads and writes ./data
          reader / reader    reads ./data
          anonymous          reads ./data/pub, no password

Stop with Ctrl-C. These accounts are for testing only; create your own with "deno task user".
`;
}

await prepareData();
const stdout = write(Deno.stdout);
const status = await runServe(["--users", "users.json", ...Deno.args], { stdout, stderr: write(Deno.stderr) }, {
  onReady: (server) => stdout(howToTry(server)),
});
Deno.exit(status);
