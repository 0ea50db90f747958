/**
 * The peers, and how each is told the same things: this root, this port, no logs, no limits, TLS when asked.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { type Launch, NOBODY, type Place, type Server, write } from "./server.ts";

/** `bench` as crypt(3) made it with DES: the cheapest proof there is, so that logins are measured and not hashes. */
const DES_HASH = "ab3Nxe3bAE.r.";
const MANY = 100_000;

function vsftpd(place: Place): Launch {
  return vsftpdWith(place, place.tls ? vsftpdTls(place.tls) : []);
}

/**
 * As cheap as it can be: the process of a session is not another one's child, and has no namespaces of its own. It has
 * no TLS then. Anonymous sessions, in either setting, never get near PAM.
 */
function vsftpdInOneProcess(place: Place): Launch {
  return vsftpdWith(place, ["one_process_model=YES", "isolate=NO", "isolate_network=NO"]);
}

function vsftpdWith(place: Place, more: readonly string[]): Launch {
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
    ...more,
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

/** All but ours and the least servers. */
export const PEERS: readonly Server[] = [
  { name: "vsftpd", user: "anonymous", forks: true, tls: true, launch: vsftpd },
  {
    name: "vsftpd (one process)",
    user: "anonymous",
    forks: true,
    tls: false,
    benchOnly: true,
    launch: vsftpdInOneProcess,
  },
  { name: "ProFTPD", user: "bench", forks: true, tls: true, launch: proftpd },
  { name: "Pure-FTPd", user: "bench", forks: true, tls: true, launch: pureFtpd },
  { name: "pyftpdlib", user: "bench", forks: false, tls: true, launch: pyftpdlib },
  { name: "ftp-srv", user: "bench", forks: false, tls: false, benchOnly: true, launch: ftpSrv },
];
