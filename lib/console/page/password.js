/** Without those that look alike (0 O 1 l I). */
const LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** A random password of 20 letters: 115 bits. */
export function makePassword() {
  // A random byte beyond the last whole round of the letters would favour the first of them.
  const limit = 256 - (256 % LETTERS.length);
  let password = "";
  while (password.length < 20) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < limit) password += LETTERS[byte % LETTERS.length];
  }
  return password;
}
