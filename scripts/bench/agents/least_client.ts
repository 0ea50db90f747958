/**
 * The least FTP client of this runtime: it logs in, and fetches or stores what it is given. Files go to a hidden name
 * and get their own when they are there; the command for the next data connection is sent with that for the file.
 * Nothing else is done or checked, so that it shows what any client in TypeScript has to pay for, and how much of a
 * number is ours.
 *
 *     deno run … least_client.ts '{"job":"getSmall","host":"127.0.0.1",…}'
 *
 * @module
 */

import type { Errand, Job } from "./agents.ts";

/** Bytes a read or write of a large file. */
const PIECE = 1 << 20;

const { job, host, port, local, source, folder, count, sessions }: Errand & { readonly job: Job } = JSON.parse(
  Deno.args[0] ?? "",
);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Control {
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(4096);
  #text = "";

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(): Promise<Control> {
    const connection = await Deno.connect({ hostname: host, port });
    connection.setNoDelay();
    const control = new Control(connection);
    await control.expect("220");
    for (const [command, code] of [["USER bench", "331"], ["PASS bench", "230"], ["TYPE I", "200"]] as const) {
      await control.send(command);
      await control.expect(code);
    }
    return control;
  }

  async send(...commands: readonly string[]): Promise<void> {
    await this.#connection.write(encoder.encode(commands.map((command) => `${command}\r\n`).join("")));
  }

  /** The last line of the next reply, which must begin with `code`. */
  async expect(code: string): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\r\n");
      if (end < 0) {
        const read = await this.#connection.read(this.#buffer);
        if (read === null) throw new Error("The server has gone");
        this.#text += decoder.decode(this.#buffer.subarray(0, read));
        continue;
      }
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      if (line.startsWith(`${code} `)) return line;
      if (line[3] === " ") throw new Error(line);
    }
  }
}

/** One name after the other, for all sessions together. */
const names = job.endsWith("Small") ? Array.from({ length: count }, (_, index) => `${folder}/${index}`) : ["large"];
const todo = names.values();

async function work(): Promise<void> {
  const control = await Control.open();
  const isDown = job.startsWith("get");
  const buffers = [new Uint8Array(PIECE), new Uint8Array(PIECE)] as const;
  await control.send("EPSV");
  for (const name of todo) {
    const reply = await control.expect("229");
    const connecting = Deno.connect({ hostname: host, port: Number(/\|(\d+)\|/.exec(reply)?.[1]) });
    const target = name.split("/").at(-1) ?? "";
    await control.send(isDown ? `RETR ${name}` : `STOR up/${target}`, "EPSV");
    using data = await connecting;
    if (isDown) await receive(data, `${local}/.${target}`, `${local}/${target}`, buffers[0]);
    else await send(`${source}/${name}`, data, buffers);
    await control.expect("150");
    await control.expect("226");
  }
}

async function receive(data: Deno.TcpConn, hidden: string, target: string, buffer: Uint8Array): Promise<void> {
  using file = Deno.openSync(hidden, { write: true, createNew: true });
  for (let read = await data.read(buffer); read !== null; read = await data.read(buffer)) {
    file.writeSync(buffer.subarray(0, read));
  }
  file.utimeSync(new Date(), new Date());
  Deno.renameSync(hidden, target);
}

/** The next piece is read while one is on its way. */
async function send(path: string, data: Deno.TcpConn, buffers: readonly [Uint8Array, Uint8Array]): Promise<void> {
  using file = Deno.openSync(path);
  let [now, next] = buffers;
  for (let filled = file.readSync(now); filled !== null;) {
    const sending = data.write(now.subarray(0, filled));
    const ahead = file.readSync(next);
    for (let sent = await sending; sent < filled;) sent += await data.write(now.subarray(sent, filled));
    [now, next] = [next, now];
    filled = ahead;
  }
  await data.closeWrite();
}

async function list(): Promise<void> {
  const control = await Control.open();
  await control.send("EPSV");
  const reply = await control.expect("229");
  await control.send("LIST up");
  using data = await Deno.connect({ hostname: host, port: Number(/\|(\d+)\|/.exec(reply)?.[1]) });
  while (await data.read(new Uint8Array(4096)) !== null);
  await control.expect("150");
  await control.expect("226");
}

if (job === "list") await list();
else await Promise.all(Array.from({ length: sessions }, work));
Deno.exit(0);
