/**
 * The table of wrong inputs: what somebody gets wrong, and all that the program then says. The test of the same name
 * runs each; `deno task docs` makes docs/wrong-inputs.md of it.
 *
 * @module
 */

/** One wrong input. The files that it names are made by `wrong_inputs_run.ts`. */
export interface WrongInput {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The one line on standard error, without `denoftpd: ` at its beginning. */
  readonly message: string;
}

/** Wrong inputs by what they are about. */
export const WRONG_INPUTS: Readonly<Record<string, readonly WrongInput[]>> = {
  "Flags of serve": [
    {
      args: ["serve", "--prot", "21"],
      message: 'Unknown flag "--prot": did you mean "--port"? See denoftpd help serve',
    },
    {
      args: ["serve", "--idle-timeout", "-5"],
      message: 'Flag "--idle-timeout" must be a time of 0 to 2000000 seconds, such as 90, 90s, 5m or 1h, not "-5"',
    },
    {
      args: ["serve", "--idle-timeout", "5min"],
      message: 'Flag "--idle-timeout" must be a time of 0 to 2000000 seconds, such as 90, 90s, 5m or 1h, not "5min"',
    },
    {
      args: ["serve", "--port", "65536"],
      message: 'Flag "--port" must be a whole number from 0 to 65535, not "65536"',
    },
    {
      args: ["serve", "--port", "ftp"],
      message: 'Flag "--port" must be a whole number from 0 to 65535, not "ftp"',
    },
    {
      args: ["serve", "--port"],
      message: 'Flag "--port" needs a value',
    },
    {
      args: ["serve", "--port", "2121", "--port", "2122"],
      message: 'Flag "--port" was given twice',
    },
    {
      args: ["serve", "--host", "localhost"],
      message: 'Flag "--host" must be an IP address such as 127.0.0.1, or 0.0.0.0 for all of this machine, not ' +
        '"localhost"',
    },
    {
      args: ["serve", "--passive-ports", "30000-"],
      message: 'Flag "--passive-ports" must look like "30000-30100", not "30000-"',
    },
    {
      args: ["serve", "--passive-ports", "30100-30000"],
      message: 'Flag "--passive-ports" must be an ascending range within 1 to 65535, not "30100-30000"',
    },
    {
      args: ["serve", "--passive-address", "::1"],
      message: 'Flag "--passive-address" must be an IPv4 address or a name: PASV cannot carry an IPv6 address, not ' +
        '"::1"',
    },
    {
      args: ["serve", "--passive-address", "0.0.0.0"],
      message: 'Flag "--passive-address" must be an address that clients can reach, not "0.0.0.0"',
    },
    {
      args: ["serve", "--passive-address", "no-such-name.invalid"],
      message: 'Flag "--passive-address": "no-such-name.invalid" does not resolve to an IPv4 address (getaddrinfo ' +
        "ENOTFOUND no-such-name.invalid): correct the name, or give the address itself",
    },
    {
      args: ["serve", "--port", "30005", "--passive-ports", "30000-30010"],
      message: 'Flag "--passive-ports": the range 30000-30010 includes port 30005 of "--port": change one',
    },
    {
      args: ["cluster"],
      message: 'Say what to print: "denoftpd cluster haproxy"',
    },
    {
      args: ["cluster", "haproxy", "--nodes", "a=10.0.0.1"],
      message: 'Flag "--node-slices" is missing',
    },
    {
      args: ["cluster", "haproxy", "--nodes", "a", "--node-slices", "a=50000-50099"],
      message: 'Flag "--nodes" must look like "node1=10.0.0.11,node2=10.0.0.12", not "a"',
    },
    {
      args: ["cluster", "haproxy", "--nodes", "a=10.0.0.1,c=10.0.0.3", "--node-slices", "a=50000-50099"],
      message: 'Flag "--nodes": "c" has no slice in "--node-slices"',
    },
    {
      args: ["cluster", "haproxy", "--nodes", "a=10.0.0.1", "--node-slices", "a=50000-50099,b=50100-50199"],
      message: 'Flag "--nodes" has no address of "b" in "--node-slices"',
    },
    {
      args: ["serve", "--proxy-from", "balancer"],
      message: 'Flag "--proxy-from" must be networks such as 192.0.2.0/24,2001:db8::/32, not "balancer"',
    },
    {
      args: ["serve", "--node", "node 1"],
      message:
        'Flag "--node" must be a name of up to 63 letters, digits, hyphens and underscores, such as node1, not ' +
        '"node 1"',
    },
    {
      args: ["serve", "--node-slices", "a=50000+100"],
      message: 'Flag "--node-slices" must look like "node1=50000-50199,node2=50200-50399", not "a=50000+100"',
    },
    {
      args: ["serve", "--node-slices", "a=50000-50099,b=50050-50199"],
      message: 'Flag "--node-slices" must not give a port to two nodes, as a=50000-50099 and b=50050-50199 do, not ' +
        '"a=50000-50099,b=50050-50199"',
    },
    {
      args: ["serve", "--node-slices", "a=50000-50099,a=50100-50199"],
      message: 'Flag "--node-slices" must have one slice for each node, and has two for "a", not ' +
        '"a=50000-50099,a=50100-50199"',
    },
    {
      args: ["serve", "--node-slices", "a=50000-50003"],
      message: 'Flag "--node-slices" must give each node 10 ports or more, and a=50000-50003 has 4, not ' +
        '"a=50000-50003"',
    },
    {
      args: ["serve", "--node-slices", "a=50099-50000"],
      message: 'Flag "--node-slices" must have ascending ranges within 1 to 65535, which a=50099-50000 is not, not ' +
        '"a=50099-50000"',
    },
    {
      args: ["serve", "--node", "c", "--node-slices", "a=50000-50099,b=50100-50199"],
      message: 'Flag "--node": "c" has no slice in "--node-slices", which has a, b',
    },
    {
      args: ["serve", "--node-slices", "a=50000-50099,b=50100-50199"],
      message: 'Flag "--node-slices" needs "--node NAME", one of a, b',
    },
    {
      args: ["serve", "--node", "a", "--node-slices", "a=50000-50099", "--passive-ports", "50000-50099"],
      message: 'Flag "--node-slices" cannot be combined with "--passive-ports": leave one of them out',
    },
    {
      args: ["serve", "--port", "50105", "--node", "a", "--node-slices", "a=50000-50099,b=50100-50199"],
      message: 'Flag "--node-slices": the range 50100-50199 includes port 50105 of "--port": change one',
    },
    {
      args: ["serve", "--passive-local-networks", "10.0.0.0/40"],
      message: 'Flag "--passive-local-networks" must be networks such as 192.0.2.0/24,2001:db8::/32, or none, not ' +
        '"10.0.0.0/40"',
    },
    {
      args: ["serve", "--active", "perhaps"],
      message: 'Flag "--active" must be on or off, not "perhaps"',
    },
    {
      args: ["serve", "--auto-mkdir=perhaps"],
      message: 'Flag "--auto-mkdir" must be true or false, or without a value, not "perhaps"',
    },
    {
      args: ["serve", "--max-sessions", "-1"],
      message: 'Flag "--max-sessions" must be a whole number from 0 to 10000000, not "-1"',
    },
    {
      args: ["serve", "--time-zone", "Mars/Olympus"],
      message: 'Flag "--time-zone" must be an IANA time zone such as Europe/Berlin, not "Mars/Olympus"',
    },
    {
      args: ["serve", "--host-names", "a b"],
      message: 'Flag "--host-names" must be names such as ftp.example.org,ftp.example.net, not "a b"',
    },
    {
      args: ["serve", "--log-level", "loud"],
      message: 'Flag "--log-level" must be debug, info, warning or error, not "loud"',
    },
    {
      args: ["serve", "--workers", "0"],
      message: 'Flag "--workers" must be a whole number from 1 to 256, not "0"',
    },
    {
      args: ["serve", "--user", "a:b:c"],
      message: 'User must look like "ftp" or "ftp:ftp", not "a:b:c"',
    },
    {
      args: ["serve", "data"],
      message: 'Unexpected argument "data", see denoftpd help serve',
    },
  ],
  "TLS": [
    {
      args: ["serve", "--tls", "requierd"],
      message: 'Flag "--tls" must be off, optional or required, not "requierd"',
    },
    {
      args: ["serve", "--tls", "required"],
      message: 'Flag "--tls" needs a certificate: --tls-cert and --tls-key, or --tls-self-signed',
    },
    {
      args: ["serve", "--implicit-tls-port", "9990"],
      message: 'Flag "--implicit-tls-port" needs a certificate: --tls-cert and --tls-key, or --tls-self-signed',
    },
    {
      args: ["serve", "--tls-min-version", "1.1"],
      message: 'Flag "--tls-min-version" must be 1.2 or 1.3, not "1.1"',
    },
    {
      args: ["serve", "--tls-cert", "one/cert.pem"],
      message: 'Flags "--tls-cert" and "--tls-key" must name the same number of files',
    },
    {
      args: ["serve", "--tls-cert", "gone.pem", "--tls-key", "gone.pem"],
      message: 'File "gone.pem" does not exist',
    },
    {
      args: ["serve", "--tls-cert", "one/cert.pem", "--tls-key", "two/key.pem"],
      message: 'Key file "two/key.pem" does not belong to certificate file "one/cert.pem"',
    },
    {
      args: ["serve", "--tls-cert", "old-cert.pem", "--tls-key", "old-key.pem"],
      message: 'Certificate "old-cert.pem" expired on 2020-01-01: renew it',
    },
    {
      args: ["serve", "--tls-cert", "users.json", "--tls-key", "one/key.pem"],
      message: 'Certificate file "users.json" holds no PEM certificate',
    },
    {
      args: ["serve", "--tls-cert", "one/cert.pem", "--tls-key", "users.json"],
      message: 'Key file "users.json" holds no usable PEM private key',
    },
    {
      args: ["serve", "--tls-self-signed", "--tls-cert", "one/cert.pem", "--tls-key", "one/key.pem"],
      message: 'Flags "--tls-self-signed" and "--tls-cert" cannot be combined',
    },
  ],
  "The accounts file": [
    {
      args: ["serve", "--users", "gone.json"],
      message: 'File "gone.json": Does not exist: create it with "denoftpd user add NAME --users gone.json"',
    },
    {
      args: ["serve", "--users", "root"],
      message: 'File "root": Is a directory',
    },
    {
      args: ["serve", "--users", "none.json"],
      message: 'File "none.json" has no account: add one with "denoftpd user add NAME", or serve a directory with ' +
        "--anonymous DIR",
    },
    {
      args: ["serve", "--users", "broken.json"],
      message: `File "broken.json": Not valid JSON: Unexpected token '}' (near line 1)`,
    },
    {
      args: ["serve", "--users", "field.json"],
      message: 'File "field.json": Account "demo": field "uplods": Unknown field: did you mean "uploads"? The ' +
        "fields are name, group, password, root, permissions, mounts, uploads, brokenUploads, maxSessions, " +
        "uploadRate, downloadRate, totalUploadRate, totalDownloadRate, quota, maxFileSize, umask, directoryUmask, " +
        "hide, deny, welcome, enabled, validUntil, allowFrom, tls, comment",
    },
    {
      args: ["serve", "--users", "right.json"],
      message: 'File "right.json": Account "demo": field "permissions": Unknown right "wirte": use rw, ro, add, ' +
        "dropbox, none, list, read, write, append, delete, rename, mkdir, rmdir, modify, no-overwrite",
    },
    {
      args: ["serve", "--users", "clear.json"],
      message: 'File "clear.json": Account "demo": field "password": Must be a hash (scrypt, pbkdf2-sha256, ' +
        'pbkdf2-sha512, 2a, 2b, 2y, argon2id, 5, 6) of bounded cost, as written by "denoftpd user set"',
    },
    {
      args: ["serve", "--users", "twice.json"],
      message: 'File "twice.json": Account "demo": Another account has the same name',
    },
    {
      args: ["serve", "--users", "noroot.json"],
      message: 'Account "demo" of "noroot.json": field "root": Directory "/nowhere" does not exist: create it with ' +
        'mkdir -p "/nowhere", or name another',
    },
    {
      args: ["serve", "--users", "anyone.json", "--anonymous", "root"],
      message: 'Flag "--anonymous": File "anyone.json" has an account "anonymous" as well; leave the flag out, or ' +
        "remove the account",
    },
    {
      args: ["serve", "--anonymous", "gone"],
      message: 'Flag "--anonymous": Directory "gone" does not exist: create it with mkdir -p "gone", or name another',
    },
    {
      args: ["serve", "--anonymous", "file://host/srv"],
      message: 'Flag "--anonymous": Must be a path, or a URL such as "file:///srv/ftp": "file://host/srv"',
    },
  ],
  "The configuration file and variables": [
    {
      args: ["serve", "--config", "gone.json"],
      message: 'Cannot read configuration file "gone.json": it does not exist',
    },
    {
      args: ["serve", "--config", "broken.json"],
      message: `Cannot read configuration file "broken.json": Not valid JSON: Unexpected token '}' (near line 1)`,
    },
    {
      args: ["serve", "--config", "unknown.json"],
      message: 'Field "passivePort" of configuration file "unknown.json" is unknown: did you mean "passivePorts"?',
    },
    {
      args: ["serve", "--config", "value.json"],
      message: 'Field "port" of configuration file "value.json" must be a whole number from 0 to 65535, not "ftp"',
    },
    {
      args: ["serve", "--config", "list.json"],
      message: 'Configuration file "list.json" must contain a JSON object',
    },
    {
      args: ["serve"],
      env: { "DENOFTPD_PORT": "ftp" },
      message: 'Environment variable "DENOFTPD_PORT" must be a whole number from 0 to 65535, not "ftp"',
    },
    {
      args: ["serve"],
      env: { "DENOFTPD_TLS": "yes" },
      message: 'Environment variable "DENOFTPD_TLS" must be off, optional or required, not "yes"',
    },
    {
      args: ["serve"],
      env: { "DENOFTPD_IDLE_TIMEOUT": "5 m" },
      message: 'Environment variable "DENOFTPD_IDLE_TIMEOUT" must be a time of 0 to 2000000 seconds, such as 90, ' +
        '90s, 5m or 1h, not "5 m"',
    },
    {
      args: ["serve"],
      env: { "DENOFTPD_AUTO_MKDIR": "perhaps" },
      message: 'Environment variable "DENOFTPD_AUTO_MKDIR" must be true or false, not "perhaps"',
    },
  ],
  "The user command": [
    {
      args: ["user", "ad", "bob"],
      message: 'Action must be one of add, set, passwd, remove, list, check, import, export, not "ad"',
    },
    {
      args: ["user", "add"],
      message: 'Action "add" needs a name',
    },
    {
      args: ["user", "add", "bob"],
      message: `Flag "--root" must name the account's directory`,
    },
    {
      args: ["user", "add", "bob", "--root", "root"],
      message: "Stdin is not a terminal: use --password-stdin to read the password from it",
    },
    {
      args: ["user", "add", "bob", "--root", "root", "--generate", "--password-stdin"],
      message: 'Flags "--generate" and "--password-stdin" cannot be combined',
    },
    {
      args: ["user", "add", "anonymous", "--root", "root", "--generate"],
      message: 'Flag "--generate": the account "anonymous" has no password',
    },
    {
      args: ["user", "set", "demo", "--quota", "10XB"],
      message: 'Flag "--quota": Must be a size such as "10 MiB", not "10XB"',
    },
    {
      args: ["user", "set", "demo", "--max-sessions", "-1"],
      message: 'Flag "--max-sessions": Must be a whole number from 1 up, not "-1"',
    },
    {
      args: ["user", "set", "demo", "--valid-until", "2030-02-31"],
      message: 'Flag "--valid-until": Must be a day "2030-12-31" or a time "2030-12-31T18:00:00Z", not "2030-02-31"',
    },
    {
      args: ["user", "set", "demo", "--permissions", "wirte"],
      message: 'Flag "--permissions": Unknown right "wirte": use rw, ro, add, dropbox, none, list, read, write, ' +
        "append, delete, rename, mkdir, rmdir, modify, no-overwrite",
    },
    {
      args: ["user", "set", "demo", "--umask", "999"],
      message: 'Flag "--umask": Must be an octal number in quotes, such as "027", not "999"',
    },
    {
      args: ["user", "set", "demo", "--allow-from", "192.0.2.0/40"],
      message: 'Flag "--allow-from": Must be an address or a network such as "192.0.2.0/24", not "192.0.2.0/40"',
    },
    {
      args: ["user", "set", "demo", "--uploads", "atomc"],
      message: 'Flag "--uploads": Must be "safe", "inPlace" or "atomic", not "atomc"',
    },
    {
      args: ["user", "set", "demo", "--pasword-stdin"],
      message: 'Unknown flag "--pasword-stdin": did you mean "--password-stdin"? See denoftpd help user',
    },
    {
      args: ["user", "passwd", "anonymous"],
      message: 'The account "anonymous" has no password',
    },
    {
      args: ["user", "passwd", "demo", "--root", "root"],
      message: 'Action "passwd" changes only the password: use "set"',
    },
    {
      args: ["user", "list", "demo"],
      message: 'Unexpected argument "demo"',
    },
    {
      args: ["user", "list", "--users", "gone.json"],
      message: 'File "gone.json": Does not exist',
    },
  ],
  "share": [
    {
      args: ["share"],
      message: 'Directory is missing: name one to share, such as "denoftpd share ."',
    },
    {
      args: ["share", "gone"],
      message: 'Directory to share: Directory "gone" does not exist: create it with mkdir -p "gone", or name another',
    },
    {
      args: ["share", "users.json"],
      message: 'Directory to share: Cannot open directory "users.json": it is not a directory',
    },
    {
      args: ["share", "root", "--wirte"],
      message: 'Unknown flag "--wirte": did you mean "--write"? See denoftpd help share',
    },
    {
      args: ["share", "root", "--user", "a b"],
      message: 'Flag "--user" must be letters, digits, ".", "_" and "-", not "a b"',
    },
    {
      args: ["share", "root", "--port", "70000"],
      message: 'Flag "--port" must be a whole number from 0 to 65535, not "70000"',
    },
    {
      args: ["share", "root", "one"],
      message: 'Unexpected argument "one", see denoftpd help share',
    },
  ],
  "fixture": [
    {
      args: ["fixture", "--seeds", "root"],
      message: 'Unknown flag "--seeds": did you mean "--seed"? See denoftpd help fixture',
    },
    {
      args: ["fixture", "--seed", "gone"],
      message: `Cannot read the seed "gone": No such file or directory (os error 2): stat 'gone'`,
    },
    {
      args: ["fixture", "--seed", "users.json"],
      message: 'Not a directory and not a tar or zip archive: "users.json"',
    },
    {
      args: ["fixture", "--seed", "root", "--dir", "root"],
      message: 'Flags "--seed" and "--dir" cannot be combined',
    },
    {
      args: ["fixture", "--dir", "gone"],
      message: 'Flag "--dir" must name a directory, not "gone"',
    },
    {
      args: ["fixture", "--faults", "gone.json"],
      message: `File "gone.json" of "--faults": No such file or directory (os error 2): readfile 'gone.json'`,
    },
    {
      args: ["fixture", "--faults", "broken.json"],
      message: `File "broken.json" of "--faults": Not valid JSON: Unexpected token '}' (near line 1)`,
    },
    {
      args: ["fixture", "--faults", "fault.json"],
      message: 'File "fault.json" of "--faults": Fault rule 1: Field "action" must be one of delay, stall, reset, ' +
        "close, halfOpen, network, dropControl, wrongAddress, reply, diskFull, splitReply, " +
        'noCloseNotify, noSessionReuse, not "explode"',
    },
    {
      args: ["fixture", "--faults", "reply.json"],
      message: 'File "reply.json" of "--faults": Fault rule 1: Field "code" is missing',
    },
    {
      args: ["fixture", "--personality", "windws"],
      message: 'Flag "--personality" must be unix, windows, vsftpd, proftpd, pure-ftpd, pyftpdlib, ' +
        'filezilla, iis or zos, not "windws"',
    },
    {
      args: ["fixture", "--user", ":secret"],
      message: 'Flag "--user" must be NAME or NAME:PASSWORD, not ":secret"',
    },
    {
      args: ["fixture", "--passive-ports", "5-2"],
      message: 'Flag "--passive-ports" must be an ascending range within 1 to 65535, not "5-2"',
    },
    {
      args: ["fixture", "--control-address", "127.0.0.1"],
      message: 'Flag "--control-address" must be HOST:PORT, not "127.0.0.1"',
    },
    {
      args: ["fixture", "--journal", "/nowhere/at/all"],
      message: 'File "/nowhere/at/all" of "--journal": No such file or directory (os error 2): open ' +
        "'/nowhere/at/all'",
    },
  ],
  "permissions and cert": [
    {
      // A name that every object of the language has.
      args: ["permissions", "constructor"],
      message: 'Unexpected argument "constructor", see denoftpd help serve',
    },
    {
      args: ["permissions", "--port", "ftp"],
      message: 'Flag "--port" must be a whole number from 0 to 65535, not "ftp"',
    },
    {
      args: ["permissions", "--users", "gone.json"],
      message: 'File "gone.json": Does not exist',
    },
    {
      args: ["permissions", "share"],
      message: 'Directory is missing: name one to share, such as "denoftpd share ."',
    },
    {
      args: ["cert"],
      message: 'Flag "--out" must name a directory',
    },
    {
      args: ["cert", "--out", "tls", "--days", "0"],
      message: 'Validity in days must be 1 to 3650, not "0"',
    },
    {
      args: ["cert", "--out", "tls", "--name", "a b"],
      message: 'Certificate name is not a host name or address: "a b"',
    },
  ],
};
