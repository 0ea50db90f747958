/**
 * The servers that are compared, and how each is told the same things: this root, this port, no logs, no limits, TLS
 * when asked.
 *
 * @module
 */

import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { LIBC_PATHS } from "../../lib/native/libc.ts";
import type { Packages } from "./packages.ts";

/** What a server is started with. */
export interface Place {
  /** The directory it serves. */
  readonly root: string;
  /** An empty directory for its own files. */
  readonly scratch: string;
  readonly port: number;
  /** PEM files, and one with both, as some want it; without them there is no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly both: string };
  readonly packages: Packages;
}

/** A command line. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One server of the comparison. */
export interface Server {
  readonly name: string;
  /** Who logs in: `bench` with the password `bench`, or anonymous where accounts would need the system's. */
  readonly user: "bench" | "anonymous";
  /** Whether every session is a process, so that thousands of them fill the process table. */
  readonly forks: boolean;
  /** Whether it can do TLS here. */
  readonly tls: boolean;
  readonly launch: (place: Place) => Launch;
}

/** This checkout. */
const HERE = fromFileUrl(new URL("../../", import.meta.url));
/** `bench` as crypt(3) made it with DES: the cheapest proof there is, so that logins are measured and not hashes. */
const DES_HASH = "ab3Nxe3bAE.r.";
/** The same as scrypt with its least cost. Once proven, our server remembers it, as it does for every account. */
const SCRYPT_HASH = "$scrypt$ln=1,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$mLlqpXFdGdwV8bSd4JrPaFb8BiJDqoNOIfoplEiPnYQ";
const MANY = 100_000;
/**
 * As in `deno task start`: a small nursery, which idle sessions would otherwise leave full of what their logins threw
 * away.
 */
const RUNTIME_FLAGS = "--v8-flags=--max-semi-space-size=4";

/** Files are made by whom the server runs as; servers that drop root become this user. */
export const NOBODY = 65534;

function write(place: Place, name: string, lines: readonly string[]): string {
  const path = join(place.scratch, name);
  Deno.writeTextFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/** With the C library, and the permission for it. */
function denoftpdNative(checkout: string): Server["launch"] {
  const launch = denoftpd(checkout);
  return (place) => {
    const { command, args } = launch(place);
    const [run = "", ...rest] = args;
    return { command, args: [run, `--allow-ffi=${LIBC_PATHS.join(",")}`, ...rest, "--native-io"] };
  };
}

/** From the source in `checkout`. */
function denoftpd(checkout: string): Server["launch"] {
  return ({ root, scratch, port, tls, ...place }) => {
    const account = { name: "bench", password: SCRYPT_HASH, root, permissions: "rw" };
    const users = write({ root, scratch, port, ...place }, "users.json", [JSON.stringify({ accounts: [account] })]);
    // Its source, for its data threads.
    const readable = [root, scratch, join(checkout, "lib"), ...tls ? [dirname(tls.cert)] : []].join(",");
    const permissions = [
      "--allow-net=127.0.0.1",
      `--allow-read=${readable}`,
      `--allow-write=${root}`,
      "--allow-sys=getPriority,setPriority",
    ];
    const settings = ["--port", String(port), "--users", users, "--log-level", "error", "--allow-root"];
    const secure = tls ? ["--tls-cert", tls.cert, "--tls-key", tls.key] : [];
    return {
      command: Deno.execPath(),
      args: [
        ...["run", "--no-prompt", RUNTIME_FLAGS, ...permissions],
        ...[join(checkout, "main.ts"), "serve", ...settings, ...secure],
      ],
    };
  };
}

function vsftpd(place: Place): Launch {
  const settings = [
    "listen=YES",
    "listen_address=127.0.0.1",
    `listen_port=${place.port}`,
    "background=NO",
    "anonymous_enable=YES",
    "no_anon_password=NO",
    `anon_root=${place.root}`,
    "allow_writeable_chroot=YES",
    "anon_upload_enable=YES",
    "anon_mkdir_write_enable=YES",
    "anon_other_write_enable=YES",
    "anon_world_readable_only=NO",
    "write_enable=YES",
    // The home directory of `nobody` may be missing, and is looked at before the root.
    "ftp_username=daemon",
    "nopriv_user=nobody",
    "xferlog_enable=NO",
    "max_clients=0",
    "max_per_ip=0",
    "seccomp_sandbox=NO",
    `secure_chroot_dir=${place.scratch}`,
    ...place.tls ? vsftpdTls(place.tls) : [],
  ];
  return {
    command: join(place.packages.debian, "usr/sbin/vsftpd"),
    args: [write(place, "vsftpd.conf", settings)],
    env: { LD_LIBRARY_PATH: join(place.packages.debian, "usr/lib/x86_64-linux-gnu") },
  };
}

function vsftpdTls({ cert, key }: NonNullable<Place["tls"]>): string[] {
  return [
    "ssl_enable=YES",
    "allow_anon_ssl=YES",
    "force_anon_data_ssl=YES",
    `rsa_cert_file=${cert}`,
    `rsa_private_key_file=${key}`,
    "ssl_ciphers=HIGH",
  ];
}

function proftpd(place: Place): Launch {
  const { debian } = place.packages;
  const passwd = write(place, "passwd", [`bench:${DES_HASH}:${NOBODY}:${NOBODY}::${place.root}:/bin/sh`]);
  Deno.chmodSync(passwd, 0o600);
  const settings = [
    `ModulePath ${join(debian, "usr/lib/proftpd")}`,
    ...place.tls ? ["LoadModule mod_tls.c"] : [],
    "ServerType standalone",
    "DefaultAddress 127.0.0.1",
    "SocketBindTight on",
    `Port ${place.port}`,
    "UseReverseDNS off",
    "UseIPv6 off",
    "User nobody",
    "Group nogroup",
    "MaxInstances none",
    `AuthUserFile ${passwd}`,
    "AuthOrder mod_auth_file.c",
    "AuthPAM off",
    "RequireValidShell off",
    `DefaultRoot ${place.root}`,
    "AllowOverwrite on",
    "WtmpLog off",
    "TransferLog none",
    "SystemLog none",
    "UseSendfile on",
    `ScoreboardFile ${join(place.scratch, "scoreboard")}`,
    `PidFile ${join(place.scratch, "pid")}`,
    "DelayEngine off",
    ...place.tls ? proftpdTls(place.tls) : [],
  ];
  return {
    command: join(debian, "usr/sbin/proftpd"),
    args: ["-n", "-q", "-c", write(place, "proftpd.conf", settings)],
    env: { LD_LIBRARY_PATH: join(debian, "usr/lib/x86_64-linux-gnu") },
  };
}

function proftpdTls({ cert, key }: NonNullable<Place["tls"]>): string[] {
  return [
    "TLSEngine on",
    "TLSRequired off",
    `TLSECCertificateFile ${cert}`,
    `TLSECCertificateKeyFile ${key}`,
  ];
}

function pureFtpd(place: Place): Launch {
  const { debian } = place.packages;
  const passwd = write(place, "passwd", [`bench:${DES_HASH}:${NOBODY}:${NOBODY}::${place.root}/./::::::::::::`]);
  const database = join(place.scratch, "users.pdb");
  new Deno.Command(join(debian, "usr/bin/pure-pw"), { args: ["mkdb", database, "-f", passwd] }).outputSync();
  const settings = [
    ["-S", `127.0.0.1,${place.port}`],
    ["-c", String(MANY), "-C", String(MANY)],
    ["-l", `puredb:${database}`],
    ["-H", "-4", "-E", "-f", "none"],
    ["-L", "1000000:100"],
    ["-g", join(place.scratch, "pid")],
    place.tls ? ["-Y", "1", "-2", place.tls.both] : [],
  ];
  return { command: join(debian, "usr/sbin/pure-ftpd"), args: settings.flat() };
}

function pyftpdlib(place: Place): Launch {
  const script = fromFileUrl(new URL("./peers/pyftpdlib_server.py", import.meta.url));
  return {
    command: "/usr/bin/python3",
    args: [script, String(place.port), place.root, ...place.tls ? [place.tls.both] : []],
    env: { PYTHONPATH: join(place.packages.debian, "usr/lib/python3/dist-packages") },
  };
}

function ftpSrv(place: Place): Launch {
  const script = fromFileUrl(new URL("./peers/ftp_srv_server.cjs", import.meta.url));
  return {
    command: "node",
    args: [script, String(place.port), place.root, ...place.tls ? [place.tls.cert, place.tls.key] : []],
    env: { NODE_PATH: join(place.packages.npm, "node_modules") },
  };
}

/** Ours, by which the others are measured. */
export const OURS = "denoftpd";

/** Ours once more, with `--native-io`. */
export const NATIVE = "denoftpd --native-io";

/** Another checkout of ours, to be compared with. */
export const BASELINE = "baseline";

/** Its server, as {@link OURS} is started. @throws {TypeError} where there is no checkout of this project. */
export function baselineOf(checkout: string): Server {
  const path = resolve(checkout);
  try {
    Deno.statSync(join(path, "main.ts"));
  } catch {
    throw new TypeError(`--baseline is no checkout of this project: "${checkout}"`);
  }
  return { name: BASELINE, user: "bench", forks: false, tls: true, launch: denoftpd(path) };
}

/** All of them, ours first. */
export const SERVERS: readonly Server[] = [
  { name: OURS, user: "bench", forks: false, tls: true, launch: denoftpd(HERE) },
  { name: NATIVE, user: "bench", forks: false, tls: true, launch: denoftpdNative(HERE) },
  { name: "vsftpd", user: "anonymous", forks: true, tls: true, launch: vsftpd },
  { name: "ProFTPD", user: "bench", forks: true, tls: true, launch: proftpd },
  { name: "Pure-FTPd", user: "bench", forks: true, tls: true, launch: pureFtpd },
  { name: "pyftpdlib", user: "bench", forks: false, tls: true, launch: pyftpdlib },
  { name: "ftp-srv", user: "bench", forks: false, tls: false, launch: ftpSrv },
];
