/**
 * The least FTP server of this runtime: it logs in, lists, sends and stores, and checks nothing. No rights, no links,
 * no limits, no timeouts, no log; what goes wrong ends the session. It shows what any server in TypeScript has to pay
 * for, and so how much of a number is ours.
 *
 *     deno run … least_server.ts PORT ROOT [CERTIFICATE KEY]
 *
 * With a certificate it has TLS by the fastest means there are, the runtime's own listeners. Their data connections
 * cannot resume the session of the control connection, which FileZilla and others insist on.
 *
 * @module
 */

/** Bytes a read or write of a large file. */
const PIECE = 1 << 20;
/** Bytes of a command line that nearly every one fits into. */
const LINE = 128;
const LINE_END = 10;
const ANY_PORT = { hostname: "127.0.0.1", port: 0 };
/** Ports above those of outgoing connections, and how many there are (ip(7), `ip_local_port_range`). */
const [FIRST_PORT, PORTS] = [61_000, 4_536];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** PEM; without it there is no TLS. */
let certificate: Deno.TlsCertifiedKeyPem | undefined;

/** Two buffers, lent to one transfer at a time: the next piece is read while the last one is on its way. */
const spare: [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>][] = [];

class Session {
  #connection: Deno.TcpConn | Deno.TlsConn;
  readonly #root: string;
  #directory = "/";
  #accepted: Promise<Deno.TcpConn | Deno.TlsConn> | undefined;
  #isProtected = false;
  /** Replies that go out together once all lines of a read are answered. */
  #replies = "";

  constructor(connection: Deno.TcpConn, root: string) {
    this.#connection = connection;
    this.#root = root;
  }

  async run(): Promise<void> {
    try {
      this.#reply("220 Least");
      await this.#flush();
      let buffer = new Uint8Array(LINE);
      for (let filled = 0;;) {
        const count = await this.#connection.read(buffer.subarray(filled));
        if (count === null) return;
        filled = await this.#answerAll(buffer, filled + count);
        if (this.#replies !== "") await this.#flush();
        if (filled < 0) return;
        if (filled === buffer.length) {
          const larger = new Uint8Array(buffer.length * 4);
          larger.set(buffer);
          buffer = larger;
        }
      }
    } catch {
      // Nobody asks why.
    } finally {
      this.#connection.close();
    }
  }

  /** Answers every whole line. Resolves to how many bytes of the next one are left, or to -1 after QUIT. */
  async #answerAll(buffer: Uint8Array, filled: number): Promise<number> {
    let from = 0;
    for (let end; (end = buffer.indexOf(LINE_END, from)) >= 0 && end < filled; from = end + 1) {
      const line = decoder.decode(buffer.subarray(from, end - 1));
      const space = line.indexOf(" ");
      const [verb, argument] = space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
      const answer = this.#answer(verb, argument);
      if (answer) await answer;
      if (verb === "QUIT") return -1;
    }
    if (from > 0) buffer.copyWithin(0, from, filled);
    return filled - from;
  }

  #answer(verb: string, argument: string): Promise<void> | undefined {
    switch (verb) {
      case "USER":
        return this.#reply("331 Password");
      case "PASS":
        return this.#reply("230 In");
      case "CWD":
        this.#directory = argument;
        return this.#reply("250 There");
      case "AUTH":
        return this.#protect();
      case "PROT":
        this.#isProtected = true;
        return this.#reply("200 OK");
      case "EPSV": {
        const { port } = this.#isProtected ? this.#accept(listenTls()) : this.#accept(listen());
        return this.#reply(`229 Port (|||${port}|)`);
      }
      case "RETR":
        return this.#transfer((data) => sendFile(this.#path(argument), data));
      case "STOR":
        return this.#transfer((data) => storeFile(this.#path(argument), data));
      case "LIST":
        return this.#transfer((data) => sendAll(data, encoder.encode(listing(this.#path(this.#directory), listLine))));
      case "MLSD":
        return this.#transfer((data) => sendAll(data, encoder.encode(listing(this.#path(this.#directory), factsLine))));
      case "QUIT":
        return this.#reply("221 Bye");
      default:
        return this.#reply("200 OK");
    }
  }

  #accept(listener: Deno.TcpListener | Deno.TlsListener): Deno.NetAddr {
    this.#accepted = listener.accept().finally(() => listener.close());
    return listener.addr;
  }

  /** The runtime does TLS on what its own listeners accept alone: so the bytes go through one. */
  async #protect(): Promise<void> {
    const plain = this.#connection;
    this.#reply("234 Go on");
    await this.#flush();
    const listener = listenTls();
    const inner = await Deno.connect({ ...ANY_PORT, port: listener.addr.port });
    this.#accept(listener);
    this.#connection = await this.#accepted ?? plain;
    for (const [from, to] of [[plain, inner], [inner, plain]] as const) {
      from.readable.pipeTo(to.writable).catch(() => {});
    }
  }

  #path(name: string): string {
    return `${this.#root}${name}`;
  }

  async #transfer(move: (data: Deno.Conn) => Promise<void>): Promise<void> {
    this.#reply("150 Now");
    const flushed = this.#flush();
    const data = await this.#accepted;
    if (!data) throw new Error("No EPSV before it");
    this.#accepted = undefined;
    await move(data);
    if (this.#isProtected) await data.closeWrite();
    data.close();
    await flushed;
    this.#reply("226 Done");
  }

  #reply(text: string): undefined {
    this.#replies += `${text}\r\n`;
  }

  async #flush(): Promise<void> {
    const bytes = encoder.encode(this.#replies);
    this.#replies = "";
    await sendAll(this.#connection, bytes);
  }
}

async function sendAll(connection: Deno.Conn, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(sent === 0 ? bytes : bytes.subarray(sent));
}

async function sendFile(path: string, data: Deno.Conn): Promise<void> {
  using file = Deno.openSync(path);
  let [now, next] = spare.pop() ?? [new Uint8Array(PIECE), new Uint8Array(PIECE)];
  let count = file.readSync(now);
  while (count !== null) {
    const reading: Promise<number | null> = count < PIECE ? Promise.resolve(null) : file.read(next);
    await sendAll(data, now.subarray(0, count));
    count = await reading;
    [now, next] = [next, now];
  }
  spare.push([now, next]);
}

async function storeFile(path: string, data: Deno.Conn): Promise<void> {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  const buffers = spare.pop() ?? [new Uint8Array(PIECE), new Uint8Array(PIECE)];
  const [buffer] = buffers;
  for (let count; (count = await data.read(buffer)) !== null;) {
    for (let stored = 0; stored < count;) stored += file.writeSync(buffer.subarray(stored, count));
  }
  spare.push(buffers);
}

function listing(path: string, line: (name: string, info: Deno.FileInfo) => string): string {
  let text = "";
  for (const { name } of Deno.readDirSync(path)) text += line(name, Deno.lstatSync(`${path}/${name}`));
  return text;
}

function listLine(name: string, { isDirectory, size, mtime }: Deno.FileInfo): string {
  const date = mtime ?? new Date(0);
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  return `${isDirectory ? "d" : "-"}rw-r--r-- 1 ftp ftp ${String(size).padStart(12)} ${day} ${time} ${name}\r\n`;
}

function factsLine(name: string, { isDirectory, size, mtime }: Deno.FileInfo): string {
  const date = mtime ?? new Date(0);
  const day = `${date.getUTCFullYear()}${two(date.getUTCMonth() + 1)}${two(date.getUTCDate())}`;
  const time = `${two(date.getUTCHours())}${two(date.getUTCMinutes())}${two(date.getUTCSeconds())}`;
  return `type=${isDirectory ? "dir" : "file"};size=${size};modify=${day}${time}; ${name}\r\n`;
}

const two = (value: number): string => value < 10 ? `0${value}` : String(value);

/** Where thousands of ports are in TIME_WAIT the system takes milliseconds to find a free one: so a port is named. */
function listen(): Deno.TcpListener {
  for (;;) {
    try {
      return Deno.listen({ ...ANY_PORT, port: FIRST_PORT + Math.floor(Math.random() * PORTS) });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

function listenTls(): Deno.TlsListener {
  if (!certificate) throw new Error("There is no certificate");
  return Deno.listenTls({ ...ANY_PORT, ...certificate });
}

const [port = "0", root = ".", ...pair] = Deno.args;
const [cert, key] = pair.map((path) => Deno.readTextFileSync(path));
if (cert !== undefined && key !== undefined) certificate = { cert, key };
for await (const connection of Deno.listen({ hostname: "127.0.0.1", port: Number(port) })) {
  connection.setNoDelay();
  void new Session(connection, root).run();
}
