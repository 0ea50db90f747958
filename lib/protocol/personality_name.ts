/**
 * The names of the kinds of servers that can be imitated, apart from how: the npm package has them in its types.
 *
 * @module
 */

/** A name of a personality. */
export type PersonalityName =
  | "unix"
  | "windows"
  | "vsftpd"
  | "proftpd"
  | "pure-ftpd"
  | "pyftpdlib"
  | "filezilla"
  | "iis"
  | "zos";
