import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { foreignHashProblem } from "../../../lib/auth/hashes/kinds.ts";
import { matchesForeignHash } from "../../../lib/auth/hashes/compute.ts";
import { parseForeignHash } from "../../../lib/auth/hashes/kinds.ts";
import { isPasswordHash, verifyPassword } from "../../../lib/auth/password.ts";

/** Made by htpasswd, mkpasswd and argon2 of Debian 12; the third pair are vectors of crypt_blowfish. */
const MADE: readonly (readonly [password: string, encoded: string])[] = [
  ["pässwörd", "$2y$04$8HW/Ml0eQqlMzprBg5JQbuZq3vAE3xd1rv.kznPg7yDBfsOxwTV0W"],
  ["x".repeat(90), "$2y$04$ga0uP60lWRBaoaOqwAUA9OqlV931bqioqgxM7k0bylYVvcoBJQcmO"],
  ["U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  ["U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"],
  ["secret", "$2a$05$JJ6.zH9P4Z66qRCIubLxU.RZ39oFlKhujr5CUVuFLhHRuLMov8cK2"],
  ["secret", "$2b$05$Lp.eY1zmBqCJbOaO4YYg3ePXZ45TCS1GoQwWlEW6iC/qORlZ/1zhi"],
  ["pässwörd", "$argon2id$v=19$m=1024,t=2,p=2$c29tZXNhbHQx$UIBXqh2FYl6GX9Q6HYs6Zi50x2h3MaFhA2PgrEpL+i0"],
  [
    "pässwörd",
    "$6$rounds=1000$rinKZyRgHmiWgAbo$9l5TJngBNgYmKDRB6vS4yfyQ64CNIBwlWij0rnetcIjeCOPvS8S7IOClXToKgKRqosTcljWG8utpSZv09NC8p/",
  ],
  ["pässwörd", "$5$rounds=1234$Ov0upskJMMn9Yp6K$daMowV7aNiqBU7Xo3NmnwTFqqilHQ4/FTrB.GHVtDY3"],
  [
    "a long password of more than sixty-four bytes, as people write sentences",
    "$6$MDf3l9EqPTuhG5Fg$qCkC5R3CnXz6c8xxxh/KDqiQq99ci1BWPSd3r8u5YDpKBcIDIgRflmhO.SHj0WaggXJRTtLUhUP2YKKjUi0gD1",
  ],
];

Deno.test("matchesForeignHash accepts the password that other programs have hashed, and no other", async () => {
  for (const [password, encoded] of MADE) {
    const hash = parseForeignHash(encoded);
    assert(hash, encoded);
    assert(await matchesForeignHash(password, hash), encoded);
    assert(!await matchesForeignHash(password.slice(0, 2), hash), encoded);
    assert(!await matchesForeignHash(`.${password}`, hash), encoded);
    assert(!await matchesForeignHash("", hash), encoded);
  }
});

Deno.test("verifyPassword checks such a hash in a thread, while the event loop goes on", async () => {
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    while (!isOver) {
      await delay(0);
      turns++;
    }
  })();
  assert(await verifyPassword("secret", "$2b$05$Lp.eY1zmBqCJbOaO4YYg3ePXZ45TCS1GoQwWlEW6iC/qORlZ/1zhi"));
  isOver = true;
  await others;
  // Computed on this event loop it would be one or two.
  assert(turns > 3, `${turns}`);
  assert(!await verifyPassword("wrong", "$2b$05$Lp.eY1zmBqCJbOaO4YYg3ePXZ45TCS1GoQwWlEW6iC/qORlZ/1zhi"));
});

const SALT22 = "CCCCCCCCCCCCCCCCCCCCC.";
const ARGON2 = "$c29tZXNhbHQx$UIBXqh2FYl6GX9Q6HYs6Zi50x2h3MaFhA2PgrEpL+i0";

Deno.test("parseForeignHash takes no cost with which a file could stop the server, and says so", () => {
  const cases: readonly (readonly [encoded: string, problem: RegExp])[] = [
    [`$2y$15$${SALT22}${"E".repeat(31)}`, /bcrypt with a cost that is not from 4 to 14/],
    [`$2y$03$${SALT22}${"E".repeat(31)}`, /bcrypt with a cost/],
    [`$argon2id$v=19$m=262145,t=1,p=1${ARGON2}`, /more than 256 MiB/],
    [`$argon2id$v=19$m=262144,t=5,p=1${ARGON2}`, /1 GiB for all passes/],
    [`$argon2id$v=19$m=1024,t=2,p=17${ARGON2}`, /16 lanes/],
    [`$argon2id$v=19$m=8,t=999999,p=1${ARGON2}`, /1 GiB for all passes/],
    [`$6$rounds=200001$salt$${"a".repeat(86)}`, /rounds that are not from 1000 to 200000/],
    [`$5$rounds=999$salt$${"a".repeat(43)}`, /rounds that are not/],
    ["$1$53OYCrYi$dUPopeN55hZphaEm93HKj.", /MD5-crypt, which is broken/],
    ["$y$j9T$YQ72hPzWc5A8E7jBb0SR3.$HCO1aobfCN6S7Dc5WjHb.P5QmVVpuRr52peeqstxaA6", /yescrypt/],
    ["qy43DE8q9OZZs", /DES crypt/],
    ["{SSHA512}abc", /plain digest/],
    ["$argon2i$v=19$m=1024,t=2,p=2$c29tZXNhbHQx$UIBXqh2F", /Argon2 other than Argon2id/],
  ];
  for (const [encoded, problem] of cases) {
    assertEquals([parseForeignHash(encoded), isPasswordHash(encoded)], [undefined, false], encoded);
    const message = foreignHashProblem(encoded) ?? "";
    assertMatch(message, problem, encoded);
    assertNotMatch(message, /CCCC|53OYC|qy43/);
  }
  assertEquals(foreignHashProblem("swordfish and chips"), undefined);
});

Deno.test("parseForeignHash refuses what only looks like a hash", () => {
  for (
    const encoded of [
      "",
      "$2y$10$short",
      `$2y$10$${SALT22}${"E".repeat(32)}`,
      `$2y$10$${SALT22}${"E".repeat(31)}\n`,
      `$argon2id$m=1024,t=2,p=2${ARGON2}`,
      `$argon2id$v=16$m=1024,t=2,p=2${ARGON2}`,
      `$argon2id$v=19$m=4,t=2,p=1${ARGON2}`,
      `$6$salt$${"a".repeat(43)}`,
      `$5$salt$${"a".repeat(86)}`,
      `$6$a salt$${"a".repeat(86)}`,
      `$6$${"s".repeat(17)}$${"a".repeat(86)}`,
    ]
  ) assertEquals(parseForeignHash(encoded), undefined, encoded);
});
