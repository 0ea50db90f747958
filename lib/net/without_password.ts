/**
 * URLs that are shown to people.
 *
 * @module
 */

/**
 * `text` with `***` for the name and the password of each URL in it, and for a password in its query. A password with
 * characters that no URL may have, such as `/` or `@`, does not end early, and one that no `@` follows is taken for one
 * if it cannot be a port.
 */
export function withoutPassword(text: string): string {
  return text.replaceAll(/(\w:\/\/)[^\s"]*@/g, "$1***@")
    .replaceAll(/(\w:\/\/[^\s"/:@[]*):(?!\d+(?:[/?#\s"]|$))[^\s"/@]+/g, "$1:***").replaceAll(
      /([?&]password=)[^&\s"]*/gi,
      "$1***",
    );
}
