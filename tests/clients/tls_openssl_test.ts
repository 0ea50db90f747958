import { assertEquals } from "@std/assert";
import type { Bench } from "./bench.ts";
import { ALICE } from "./server_under_test.ts";
import { testTlsClient, type TlsClient, type TlsKind, type TlsTransfer, type TlsVersion } from "./tls_suite.ts";

const SESSION = "session.pem";

/** `openssl s_client` as an FTP client of the barest kind: it types commands, and reads replies. */
class ControlConnection implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #received = "";
  /** All that was said. */
  transcript = "";

  constructor(bench: Bench, kind: TlsKind, version: TlsVersion) {
    const { port, implicitPort } = bench.server;
    const where = kind === "implicit" ? [implicitPort] : [port, "-starttls", "ftp"];
    const [first, ...rest] = where.map(String);
    this.#process = new Deno.Command("openssl", {
      args: [...common(bench, version), "-quiet", "-sess_out", SESSION, "-connect", `127.0.0.1:${first}`, ...rest],
      cwd: bench.local,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Sends `line`, when there is one, and insists on the code of the next reply. Resolves to its last line. */
  async say(line: string | undefined, code: number): Promise<string> {
    if (line !== undefined) await this.#writer.write(new TextEncoder().encode(`${line}\r\n`));
    for (;;) {
      const end = /^\d{3} .*\r\n/m.exec(this.#received);
      if (end) {
        this.#received = this.#received.slice(end.index + end[0].length);
        this.transcript += `${line ?? ""}\n${end[0]}`;
        assertEquals(end[0].slice(0, 3), String(code), this.transcript);
        return end[0];
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`The connection ended\n${this.transcript}`);
      this.#received += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#reader.cancel();
    // It is done when the server has closed; where the test has failed, the server has no reason to.
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
    await this.#process.status;
    clearTimeout(timer);
  }
}

function common(bench: Bench, version: TlsVersion): string[] {
  const flag = version === "1.2" ? "-tls1_2" : "-tls1_3";
  return ["s_client", flag, "-CAfile", bench.server.certificateFile, "-verify_return_error", "-verify_quiet"];
}

/** Moves one file over a data connection of its own, which takes up the control connection's session. */
async function move(bench: Bench, { direction, local, version = "1.3" }: TlsTransfer, port: number): Promise<void> {
  const args = [...common(bench, version), "-connect", `127.0.0.1:${port}`, "-sess_in", SESSION, "-quiet"];
  const [script, flags] = direction === "upload"
    ? ['exec openssl "$@" <"$0"', ["-no_ign_eof", "-nocommands"]]
    : ['exec openssl "$@" </dev/null >"$0"', []];
  await bench.run("/bin/sh", ["-c", script, local, ...args, ...flags]);
}

const client: TlsClient = {
  name: "openssl s_client",
  programs: ["openssl"],
  kinds: ["explicit", "implicit"],
  modes: ["EPSV"],
  versions: ["1.2", "1.3"],
  resumes: ["1.2", "1.3"],

  async transfer(bench: Bench, transfer: TlsTransfer): Promise<string> {
    const { kind, direction, remote, version = "1.3" } = transfer;
    await using control = new ControlConnection(bench, kind, version);
    if (kind === "implicit") await control.say(undefined, 220);
    await control.say(`USER ${ALICE.user}`, 331);
    await control.say(`PASS ${ALICE.password}`, 230);
    await control.say("PBSZ 0", 200);
    await control.say("PROT P", 200);
    await control.say("TYPE I", 200);
    const port = /\|\|\|(\d+)\|/.exec(await control.say("EPSV", 229))?.[1];
    const verb = direction === "upload" ? "STOR" : "RETR";
    const moved = move(bench, transfer, Number(port));
    await control.say(`${verb} ${remote}`, 150);
    await moved;
    await control.say(undefined, 226);
    await control.say("QUIT", 221);
    return control.transcript;
  },
};

await testTlsClient(client);
