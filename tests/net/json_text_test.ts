import { assertEquals, assertThrows } from "@std/assert";
import { parseJsonText } from "../../lib/net/json_text.ts";

Deno.test("parseJsonText takes a byte order mark", () => {
  assertEquals(parseJsonText("\uFEFF[1]"), [1]);
});

Deno.test("parseJsonText names the line of a mistake and quotes nothing of the text", () => {
  const text = `{\n  "password": "secret",\n  "a": 1,\n}\n${"x".repeat(100)}`;
  const { message } = assertThrows(() => parseJsonText(text), SyntaxError);
  assertEquals(message.includes("secret") || message.includes("\n"), false, message);
  assertEquals(message.startsWith("Not valid JSON: "), true, message);
});
