/**
 * `text` with control characters but LF as JSON writes them: what others have written is quoted in messages that go to
 * a terminal, which must not obey it.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
