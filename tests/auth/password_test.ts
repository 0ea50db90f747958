import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decoyHash, hashPassword, isPasswordHash, verifyPassword } from "../../lib/auth/password.ts";

const CHEAP = { ln: 4 };
const HASH = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

Deno.test("hashPassword makes a salted scrypt string that verifyPassword accepts", async () => {
  const one = await hashPassword("correct horse", CHEAP);
  const two = await hashPassword("correct horse", CHEAP);
  assertStringIncludes(one, "$scrypt$ln=4,r=8,p=1$");
  assertNotEquals(one, two);
  assert(isPasswordHash(one));
  assert(await verifyPassword("correct horse", one));
  assert(!await verifyPassword("correct horse ", one));
  assert(!await verifyPassword("", one));
});

Deno.test("hashPassword refuses a cost out of range", async () => {
  for (const ln of [0, 19, 1.5, NaN]) await assertRejects(() => hashPassword("x", { ln }), RangeError);
});

Deno.test("hashPassword takes the composed and the decomposed form of a password for one", async () => {
  const encoded = await hashPassword("caf\u00e9", CHEAP);
  assert(await verifyPassword("cafe\u0301", encoded));
});

Deno.test("verifyPassword reads hashes of other programs", async () => {
  // The first two are vectors of RFC 7914 (sections 12 and 11), the last is from Python's hashlib.
  const cases: [string, string][] = [
    [
      "password",
      "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
    ],
    [
      "Password",
      "$pbkdf2-sha256$i=80000$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ",
    ],
    [
      "Password",
      "$pbkdf2-sha256$80000$TmFDbA$TdzY9guYviGDDO5e8icB.WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ",
    ],
    [
      "password",
      "$pbkdf2-sha512$i=1000$c2FsdA$r+bFUweFtsxrHGRTOEcxvV7kMu5Un9QvtmlXea2KHFv1neacSPd078QAfVKY+QM8AkHVq2kwXntk7O642DTP7A",
    ],
  ];
  for (const [password, encoded] of cases) {
    assert(await verifyPassword(password, encoded), encoded);
    assert(!await verifyPassword(`${password}!`, encoded), encoded);
  }
});

Deno.test("isPasswordHash refuses what is not a hash or would cost too much", async () => {
  const cases = [
    "",
    "secret",
    `$scrypt$ln=14,r=8,p=1$c2FsdHNhbHQ$`,
    `$scrypt$ln=14,r=8$c2FsdHNhbHQ$${HASH}`,
    `$scrypt$ln=0,r=8,p=1$c2FsdHNhbHQ$${HASH}`,
    `$scrypt$ln=19,r=8,p=1$c2FsdHNhbHQ$${HASH}`,
    `$scrypt$ln=63,r=8,p=1$c2FsdHNhbHQ$${HASH}`,
    `$scrypt$ln=14,r=9999,p=1$c2FsdHNhbHQ$${HASH}`,
    `$scrypt$ln=14,r=8,p=999$c2FsdHNhbHQ$${HASH}`,
    `$scrypt$ln=14,r=8,p=1$c2FsdHNhbHQ$c2hvcnQ`,
    `$scrypt$ln=14,r=8,p=1$c2Fsd HNhbHQ$${HASH}`,
    `$scrypt$ln=14,r=8,p=1$c2FsdHNhb$${HASH}`,
    `$pbkdf2-sha256$i=0$c2FsdHNhbHQ$${HASH}`,
    `$pbkdf2-sha256$i=99999999$c2FsdHNhbHQ$${HASH}`,
    `$pbkdf2-md5$i=1000$c2FsdHNhbHQ$${HASH}`,
    `$argon2id$m=65536,t=3,p=4$c2FsdHNhbHQ$${HASH}`,
    `$2b$10$abcdefghijklmnopqrstuu`,
    `$scrypt$ln=4,r=8,p=1$c2FsdHNhbHQ$${HASH}\n`,
  ];
  for (const text of cases) {
    assert(!isPasswordHash(text), text);
    assertEquals(await verifyPassword("secret", text), false, text);
  }
});

Deno.test("decoyHash has the form of a real one", async () => {
  const decoy = decoyHash(CHEAP);
  assert(isPasswordHash(decoy));
  assertEquals(decoy.length, (await hashPassword("x", CHEAP)).length);
  assertNotEquals(decoy, decoyHash(CHEAP));
});
