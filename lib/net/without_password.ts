/**
 * URLs that are shown to people.
 *
 * @module
 */

/**
 * `text` with `***` for the name and the password of each URL in it, for a password in its query, and for the whole
 * query of http and https, where services have keys under names of their own. A password with
 * characters that no URL may have, such as `/` or `@`, does not end early, and one that no `@` follows is taken for one
 * if it cannot be a port.
 */
export function withoutPassword(text: string): string {
  return text.replaceAll(/(\w:\/\/)[^\s"]*@/g, "$1***@")
    .replaceAll(/(\w:\/\/[^\s"/:@[]*):(?!\d+(?:[/?#\s"]|$))[^\s"/@]+/g, "$1:***").replaceAll(
      /([?&]password=)[^&\s"]*/gi,
      "$1***",
    ).replaceAll(/(https?:\/\/[^\s"?]*\?)[^\s"]+/gi, "$1***");
}
