/**
 * A server whose files come from a driver of your own: here, what a function computes. Read-only, without a disk.
 *
 * deno run --allow-net=127.0.0.1 examples/embedding/driver.ts
 *
 * @module
 */

import {
  createAccount,
  type Entry,
  type FileSource,
  FtpServer,
  makeEntry,
  nameOf,
  parseAccess,
  ROOT,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "../../lib/mod.ts";

/** Files by name, each made anew whenever it is read. */
export class ComputedFiles implements Vfs {
  readonly capabilities: VfsCapabilities = {};
  readonly #files: ReadonlyMap<string, () => string>;

  constructor(files: Readonly<Record<string, () => string>>) {
    this.#files = new Map(Object.entries(files));
  }

  stat(path: VirtualPath): Promise<Entry> {
    if (path === ROOT) return Promise.resolve(this.#entry("/", "directory", 0));
    return this.#content(path).then((content) => this.#entry(nameOf(path), "file", content.length));
  }

  async *list(path: VirtualPath): AsyncGenerator<readonly Entry[]> {
    for await (const names of this.names(path)) {
      yield names.map((name) => this.#entry(name, "file", encode(this.#files.get(name)?.() ?? "").length));
    }
  }

  async *names(path: VirtualPath): AsyncGenerator<readonly string[]> {
    if (path !== ROOT) throw new VfsError("notDirectory", `Not a directory: "${path}"`);
    yield await Promise.resolve([...this.#files.keys()]);
  }

  async openRead(path: VirtualPath, offset = 0): Promise<FileSource> {
    const content = await this.#content(path);
    if (offset > content.length) throw new VfsError("pastEnd", `Offset is past the end of "${path}"`);
    let position = offset;
    return {
      size: content.length,
      read: (buffer) => {
        const piece = content.subarray(position, position + buffer.length);
        buffer.set(piece);
        position += piece.length;
        return Promise.resolve(piece.length > 0 ? piece.length : null);
      },
      close: () => {},
    };
  }

  readonly openWrite = refuse;
  readonly mkdir = refuse;
  readonly rmdir = refuse;
  readonly remove = refuse;
  readonly rename = refuse;

  #content(path: VirtualPath): Promise<Uint8Array> {
    const make = this.#files.get(nameOf(path));
    if (make === undefined) return Promise.reject(new VfsError("notFound", `Not found: "${path}"`));
    return Promise.resolve(encode(make()));
  }

  #entry(name: string, kind: Entry["kind"], size: number): Entry {
    return makeEntry({ name, kind, size, mode: kind === "file" ? 0o444 : 0o555, modified: Date.now() });
  }
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function refuse(): Promise<never> {
  return Promise.reject(new VfsError("denied", "Nothing can be written here"));
}

/** Everybody may read the time of day and the memory that the process uses. */
export function makeServer(): FtpServer {
  const account = createAccount({ name: "anyone", rootPath: "/", rules: [{ path: "/", ...parseAccess("ro") }] });
  const files = new ComputedFiles({
    "now.txt": () => `${new Date().toISOString()}\n`,
    "memory.json": () => JSON.stringify(Deno.memoryUsage()),
  });
  return new FtpServer({
    authenticator: { authenticate: () => ({ ok: true, account }) },
    fileSystem: () => files,
    port: 0,
  });
}

if (import.meta.main) {
  const server = makeServer();
  server.listen();
  // deno-lint-ignore no-console -- an example speaks to whoever runs it
  console.log(`curl ftp://127.0.0.1:${server.address.port}/now.txt`);
}
