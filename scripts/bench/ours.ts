/**
 * Our server in the ways that people run it, all with its default settings: its log is a file of its own.
 *
 * @module
 */

import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { LIBC_PATHS } from "../../lib/native/libc.ts";
import { run } from "./packages.ts";
import { type Place, RUNTIME_FLAGS, type Server, write } from "./server.ts";

/** From source, by which the others are measured. */
export const OURS = "denoftpd";

/** From source with the permission for the C library. */
export const NATIVE = "denoftpd --native-io";

/** The executable. */
export const EXECUTABLE = "denoftpd executable";

/** From source, without the records that only the default level of the log has. */
export const QUIET = "denoftpd --log-level error";

/** Another checkout of ours, to be compared with. */
export const BASELINE = "baseline";

/** This checkout. */
const HERE = fromFileUrl(new URL("../../", import.meta.url));
/** `bench` as scrypt with its least cost. Once proven, our server remembers it, as it does for every account. */
const SCRYPT_HASH = "$scrypt$ln=1,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$mLlqpXFdGdwV8bSd4JrPaFb8BiJDqoNOIfoplEiPnYQ";

/** What of it varies. */
interface Way {
  readonly name: string;
  readonly checkout?: string;
  /** Grants the permission for the C library. */
  readonly ffi?: true;
  readonly settings?: readonly string[];
  /** A directory that it may write to besides. */
  readonly folder?: string;
  /** The root of its account, where that is not a directory. */
  readonly root?: string;
}

/** {@link OURS} under another name, with more flags, which may be about files in `folder`. */
export function withSettings(name: string, way: Pick<Way, "folder" | "settings" | "root">): Server {
  return fromSource({ name, ...way });
}

function fromSource({ name, checkout = HERE, ffi, settings = [], folder, root: accountRoot }: Way): Server {
  return {
    ...{ name, user: "bench", forks: false, tls: true },
    launch: (place) => {
      const { root, scratch, tls } = place;
      // Its source, for its data threads.
      const own = [root, scratch, ...folder === undefined ? [] : [folder]];
      const readable = [...own, join(checkout, "lib"), ...tls ? [dirname(tls.cert)] : []].join(",");
      const permissions = [
        "--allow-net=127.0.0.1",
        `--allow-read=${readable}`,
        `--allow-write=${own.join(",")}`,
        "--allow-sys=getPriority,setPriority",
        ...ffi ? [`--allow-ffi=${LIBC_PATHS.join(",")}`] : [],
      ];
      return {
        command: Deno.execPath(),
        args: [
          ...["run", "--no-prompt", RUNTIME_FLAGS, ...permissions],
          ...[join(checkout, "main.ts"), ...serveArguments(place, accountRoot), ...settings],
        ],
      };
    },
  };
}

function serveArguments(place: Place, accountRoot = place.root): string[] {
  const { scratch, port, tls } = place;
  const account = { name: "bench", password: SCRYPT_HASH, root: accountRoot, permissions: "rw" };
  const users = write(place, "users.json", [JSON.stringify({ accounts: [account] })]);
  return [
    ...["serve", "--port", String(port), "--users", users, "--log-file", join(scratch, "log"), "--allow-root"],
    ...tls ? ["--tls-cert", tls.cert, "--tls-key", tls.key] : [],
  ];
}

/** The executable that {@link compileOurs} has left in `cache`. */
function executable(cache: string): Server {
  return {
    ...{ name: EXECUTABLE, user: "bench", forks: false, tls: true },
    launch: (place) => ({
      command: join(cache, "dist", Deno.build.target, "denoftpd"),
      args: serveArguments(place),
    }),
  };
}

/** Compiles this checkout into `cache`, as a release is compiled. @throws {Error} where that fails. */
export async function compileOurs(cache: string): Promise<void> {
  await run(Deno.execPath(), ["task", "compile", "--output", join(cache, "dist")], HERE);
}

/** @throws {TypeError} where there is no checkout of this project. */
export function baselineOf(checkout: string): Server {
  const path = resolve(checkout);
  try {
    Deno.statSync(join(path, "main.ts"));
  } catch {
    throw new TypeError(`--baseline is no checkout of this project: "${checkout}"`);
  }
  return fromSource({ name: BASELINE, checkout: path });
}

/** {@link OURS} */
export const FROM_SOURCE: Server = fromSource({ name: OURS });

/** Ours from this checkout in all ways; `cache` as in {@link compileOurs}. */
export function ourServers(cache: string): readonly Server[] {
  return [
    FROM_SOURCE,
    fromSource({ name: NATIVE, ffi: true, settings: ["--native-io"] }),
    executable(cache),
    { ...fromSource({ name: QUIET, settings: ["--log-level", "error"] }), onlyNamed: true },
  ];
}
