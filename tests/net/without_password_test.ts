import { assertEquals } from "@std/assert";
import { withoutPassword } from "../../lib/net/without_password.ts";

const CASES = [
  ["postgres://ftp:p@db.example:5432/ftp", "postgres://***@db.example:5432/ftp"],
  ["postgres://ftp:p/w@d#x@db.example/ftp", "postgres://***@db.example/ftp"],
  ["redis://:p@[::1]:6379", "redis://***@[::1]:6379"],
  ["postgres://ftp:p/db.example/ftp", "postgres://ftp:***/db.example/ftp"],
  ["https://a.example:8443/x https://u:p@b.example", "https://a.example:8443/x https://***@b.example"],
  [
    '{"url":"ldaps://[::1]:636","account":{"comment":"a@b"}}',
    '{"url":"ldaps://[::1]:636","account":{"comment":"a@b"}}',
  ],
  ["postgres://ftp@h/db?sslmode=require&password=p&x=1", "postgres://***@h/db?sslmode=require&password=***&x=1"],
  ["https://a.example/in?key=k&v=1 https://b.example/", "https://a.example/in?*** https://b.example/"],
  ['[{"url":"https://a.example/in?key=k","secretFile":"s"}]', '[{"url":"https://a.example/in?***","secretFile":"s"}]'],
  ["users.json", "users.json"],
] as const;

for (const [text, shown] of CASES) {
  Deno.test(`withoutPassword shows ${shown}`, () => assertEquals(withoutPassword(text), shown));
}
