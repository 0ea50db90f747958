/**
 * What can be wrong with connections, TLS and logins. The directives are those of vsftpd.conf(5), of the directive
 * lists of ProFTPD and its mod_tls, and of pure-ftpd(8).
 *
 * @module
 */

import type { Kind } from "./kind.ts";

/** By the name of the finding. */
export const CONNECTION_KINDS = {
  unreachable: {
    severity: "problem",
    summary: "The server cannot be reached, so nothing else was examined",
    remedy: { other: "start the server, open its control port in firewalls, or correct the name" },
  },
  slowGreeting: {
    severity: "warning",
    summary: "The greeting comes late: clients with short limits give up",
    remedy: {
      vsftpd: "reverse_lookup_enable=NO",
      proftpd: "UseReverseDNS off and IdentLookups off",
      pureftpd: "--dontresolve",
    },
  },
  noTls: {
    severity: "warning",
    summary: "The server offers no TLS: anyone on the network can read passwords and files",
    remedy: {
      denoftpd: "--tls-cert FILE --tls-key FILE",
      vsftpd: "ssl_enable=YES",
      proftpd: "TLSEngine on",
      pureftpd: "--tls=1",
    },
  },
  clearLogin: {
    severity: "note",
    summary: "The server lets clients log in in clear, though it has TLS",
    remedy: {
      denoftpd: "--tls required",
      vsftpd: "force_local_logins_ssl=YES",
      proftpd: "TLSRequired auth",
      pureftpd: "--tls=2",
    },
  },
  certificateExpired: {
    severity: "problem",
    summary: "The certificate has expired: clients refuse it",
    remedy: {
      denoftpd: "replace the files of --tls-cert and --tls-key, then SIGHUP",
      vsftpd: "rsa_cert_file, then a restart",
      proftpd: "TLSRSACertificateFile, then a reload",
      pureftpd: "--certfile, then a restart",
    },
  },
  certificateExpiresSoon: {
    severity: "warning",
    summary: "The certificate expires soon",
    remedy: { other: "renew it, and have the renewal reload the server" },
  },
  certificateUntrusted: {
    severity: "problem",
    summary: "The certificate is not trusted: clients refuse it, or ask their users",
    remedy: {
      denoftpd: "a certificate of a public authority for this name, with its chain, in --tls-cert",
      vsftpd: "rsa_cert_file with the whole chain",
      proftpd: "TLSRSACertificateFile and TLSCertificateChainFile",
      pureftpd: "--certfile with the whole chain",
    },
  },
  tlsFails: {
    severity: "problem",
    summary: "The server offers TLS, but the handshake fails",
    remedy: { other: "see the log of the server; the key may not belong to the certificate" },
  },
  noTls13: {
    severity: "note",
    summary: "The server has no TLS 1.3",
    remedy: {
      denoftpd: "--tls-min-version is not the cause: the runtime has it",
      proftpd: "TLSProtocol TLSv1.2 TLSv1.3",
    },
  },
  dataTlsFails: {
    severity: "problem",
    summary: "Data connections under TLS fail, though the control connection works",
    remedy: {
      vsftpd: "require_ssl_reuse=NO",
      proftpd: "TLSOptions NoSessionReuseRequired",
      other: "a firewall that reads FTP may be on the way: it cannot read PASV under TLS, so open the passive ports",
    },
  },
  reuseDemanded: {
    severity: "warning",
    summary:
      "Data connections must resume the TLS session of the control connection: many clients and libraries cannot",
    remedy: {
      denoftpd: "--tls-session-reuse off",
      vsftpd: "require_ssl_reuse=NO",
      proftpd: "TLSOptions NoSessionReuseRequired",
    },
  },
  noSessionReuse: {
    severity: "note",
    summary: "Data connections do not resume the TLS session: each costs a whole handshake",
    remedy: { proftpd: "TLSSessionCache" },
  },
  noCloseNotify: {
    severity: "warning",
    summary: "The server ends data connections without close_notify: clients cannot tell a file from half a file",
    remedy: { vsftpd: "strict_ssl_write_shutdown=YES", other: "update the server" },
  },
  loginRefused: {
    severity: "problem",
    summary: "The server refused the login, so nothing after it was examined",
    remedy: { other: "name and password; the log of the server has the reason" },
  },
  notLoggedIn: {
    severity: "note",
    summary: "The password was not sent to a server that is not trusted, so nothing after the login was examined",
    remedy: { other: "--pin with the key shown above, --ca FILE, or --insecure" },
  },
  epsvRefused: {
    severity: "warning",
    summary: "EPSV is refused: clients lose time or fail, and IPv6 does not work",
    remedy: {
      vsftpd: "cmds_denied without EPSV",
      proftpd: "Limit EPSV without DenyAll",
      pureftpd: "without --ipv4only",
    },
  },
  pasvRefused: {
    severity: "warning",
    summary: "PASV is refused: old clients have no passive mode",
    remedy: { vsftpd: "pasv_enable=YES", proftpd: "Limit PASV without DenyAll" },
  },
  foreignPassiveAddress: {
    severity: "problem",
    summary: "PASV names an address other than the one that clients connect to: many hang or refuse it",
    remedy: {
      denoftpd: "--passive-address ADDRESS",
      vsftpd: "pasv_address=ADDRESS",
      proftpd: "MasqueradeAddress ADDRESS",
      pureftpd: "--forcepassiveip ADDRESS",
    },
  },
  passiveBlocked: {
    severity: "problem",
    summary: "Passive data connections cannot be made: most clients can neither list nor transfer",
    remedy: {
      denoftpd: "--passive-ports A-B, and the same ports in the firewall",
      vsftpd: "pasv_min_port and pasv_max_port, and the same ports in the firewall",
      proftpd: "PassivePorts A B, and the same ports in the firewall",
      pureftpd: "--passiveportrange A:B, and the same ports in the firewall",
    },
  },
  activeRefused: {
    severity: "note",
    summary: "Active mode is refused: only old clients want it",
    remedy: { vsftpd: "port_enable=YES", proftpd: "Limit PORT EPRT without DenyAll" },
  },
  activeBlocked: {
    severity: "note",
    summary: "Active mode does not work from here, which is usual behind NAT or a firewall",
    remedy: { other: "use passive mode" },
  },
} as const satisfies Readonly<Record<string, Kind>>;
