/**
 * A server that asks somebody else who may log in, such as the user database of an application.
 *
 * deno run --allow-net=127.0.0.1 examples/embedding/authenticator.ts
 *
 * @module
 */

import {
  type Authenticator,
  type AuthResult,
  createAccount,
  FtpServer,
  type LoginAttempt,
  MemoryVfs,
  parseAccess,
} from "../../lib/mod.ts";

/** What is known of a token. */
export interface Token {
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Users whose password is a token that expires. */
export class TokenAuthenticator implements Authenticator {
  readonly #lookUp: (token: string) => Promise<Token | undefined>;

  constructor(lookUp: (token: string) => Promise<Token | undefined>) {
    this.#lookUp = lookUp;
  }

  async authenticate({ name, password }: LoginAttempt): Promise<AuthResult> {
    const token = await this.#lookUp(password);
    if (token?.user !== name) return { ok: false, reason: "password" };
    if (token.expires <= Date.now()) return { ok: false, reason: "expired" };
    const account = createAccount({ name, rootPath: `/${name}`, rules: [{ path: "/", ...parseAccess("rw") }] });
    return { ok: true, account };
  }
}

/** Each user has files of their own, as long as the server runs. */
export function makeServer(tokens: ReadonlyMap<string, Token>): FtpServer {
  const homes = new Map<string, MemoryVfs>();
  return new FtpServer({
    authenticator: new TokenAuthenticator((token) => Promise.resolve(tokens.get(token))),
    fileSystem: ({ name }) => {
      const home = homes.get(name) ?? new MemoryVfs();
      homes.set(name, home);
      return home;
    },
    port: 0,
  });
}

if (import.meta.main) {
  const server = makeServer(new Map([["token-1", { user: "alice", expires: Date.now() + 3_600_000 }]]));
  server.listen();
  // deno-lint-ignore no-console -- an example speaks to whoever runs it
  console.log(`curl -T FILE ftp://alice:token-1@127.0.0.1:${server.address.port}/`);
}
