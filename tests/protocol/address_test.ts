import { assertEquals, assertThrows } from "@std/assert";
import {
  formatEprt,
  formatExtendedPassiveText,
  formatPassiveText,
  formatPort,
  parseEprt,
  parseEpsv,
  parseExtendedPassiveText,
  parsePassiveText,
  parsePort,
} from "../../lib/protocol/address.ts";

const ENDPOINTS = [
  { hostname: "127.0.0.1", port: 1 },
  { hostname: "192.168.1.255", port: 65535 },
  { hostname: "10.0.0.0", port: 256 },
] as const;
const ENDPOINTS_V6 = [
  { hostname: "::1", port: 21 },
  { hostname: "2001:db8::17:0:2", port: 50000 },
] as const;

Deno.test("parsePort, parseEprt, parsePassiveText and parseExtendedPassiveText read what is written for them", () => {
  for (const endpoint of ENDPOINTS) {
    assertEquals(parsePort(formatPort(endpoint)), { kind: "endpoint", endpoint });
    assertEquals(parsePassiveText(formatPassiveText(endpoint)), endpoint);
  }
  for (const endpoint of [...ENDPOINTS, ...ENDPOINTS_V6]) {
    assertEquals(parseEprt(formatEprt(endpoint)), { kind: "endpoint", endpoint });
    assertEquals(parseExtendedPassiveText(formatExtendedPassiveText(endpoint.port)), endpoint.port);
  }
});

Deno.test("formatPort, formatEprt and the passive texts are as the RFCs print them", () => {
  const endpoint = { hostname: "132.235.1.2", port: 6275 };
  assertEquals(formatPort(endpoint), "132,235,1,2,24,131");
  assertEquals(formatEprt(endpoint), "|1|132.235.1.2|6275|");
  assertEquals(formatEprt({ hostname: "1080::8:800:200C:417A", port: 5282 }), "|2|1080::8:800:200C:417A|5282|");
  assertEquals(formatPassiveText(endpoint), "Entering Passive Mode (132,235,1,2,24,131).");
  assertEquals(formatExtendedPassiveText(6446), "Entering Extended Passive Mode (|||6446|)");
});

Deno.test("formatPort and formatPassiveText refuse IPv6", () => {
  assertThrows(() => formatPort({ hostname: "::1", port: 21 }), TypeError, 'Cannot write "::1" as an IPv4 address');
  assertThrows(() => formatPassiveText({ hostname: "::1", port: 21 }), TypeError);
});

Deno.test("parsePort refuses all but six numbers of a byte each", () => {
  for (
    const argument of [
      "",
      "127,0,0,1,4",
      "127,0,0,1,4,5,6",
      "256,0,0,1,4,5",
      "127,0,0,1,256,5",
      "127,0,0,1,4,256",
      "127,0,0,1,0,0",
      "127,0,0,-1,4,5",
      "127,0,0,1,4,5 ",
      " 127,0,0,1,4,5",
      "127,0,0,1,4,",
      "127.0.0.1,4,5",
      "127,0,0,1,4,0x5",
      "127,0,0,1,4,5\n",
      "1270,0,0,1,4,5",
    ]
  ) assertEquals(parsePort(argument), { kind: "syntaxError" }, JSON.stringify(argument));
});

for (
  const [argument, hostname, port] of [
    ["|1|132.235.1.2|6275|", "132.235.1.2", 6275],
    ["|2|1080::8:800:200C:417A|5282|", "1080::8:800:200c:417a", 5282],
    ["!1!10.0.0.1!65535!", "10.0.0.1", 65535],
    ["~2~::1~1~", "::1", 1],
    ["|2|::ffff:127.0.0.1|2000|", "127.0.0.1", 2000],
  ] as const
) {
  Deno.test(`parseEprt reads ${argument}`, () => {
    assertEquals(parseEprt(argument), { kind: "endpoint", endpoint: { hostname, port } });
  });
}

Deno.test("parseEprt distinguishes an unknown family from a syntax error", () => {
  for (const argument of ["|3|whatever|1|", "|0||0|", "|99|1.2.3.4|x|"]) {
    assertEquals(parseEprt(argument), { kind: "unknownFamily" }, argument);
  }
  for (
    const argument of [
      "",
      "|",
      "|||||",
      "1|1|1.2.3.4|1|",
      " 1 1.2.3.4 1 ",
      "é1é1.2.3.4é1é",
      "|1|1.2.3.4|1",
      "|1|1.2.3.4|1|x",
      "|1|1.2.3.4|1||",
      "|1|::1|1|",
      "|2|1.2.3.4|1|",
      "|1|1.2.3.4|0|",
      "|1|1.2.3.4|65536|",
      "|1|1.2.3.4|+1|",
      "|1|localhost|1|",
      "|2|fe80::1%eth0|1|",
      "|2|[::1]|1|",
      "|x|1.2.3.4|1|",
    ]
  ) assertEquals(parseEprt(argument), { kind: "syntaxError" }, JSON.stringify(argument));
});

Deno.test("parseEpsv reads none, 1, 2 and ALL", () => {
  assertEquals(parseEpsv(undefined), { kind: "any" });
  assertEquals(parseEpsv(""), { kind: "any" });
  assertEquals(parseEpsv("1"), { kind: "family", family: "IPv4" });
  assertEquals(parseEpsv("2"), { kind: "family", family: "IPv6" });
  assertEquals(parseEpsv("ALL"), { kind: "all" });
  assertEquals(parseEpsv("all"), { kind: "all" });
  assertEquals(parseEpsv("3"), { kind: "unknownFamily" });
  for (const argument of ["x", "1 ", "-1", "ALL 1"]) {
    assertEquals(parseEpsv(argument), { kind: "syntaxError" }, argument);
  }
});

for (
  const [text, expected] of [
    ["Entering Passive Mode (10,1,2,3,195,80).", { hostname: "10.1.2.3", port: 50000 }],
    ["227 Entering Passive Mode. 10,1,2,3,195,80", { hostname: "10.1.2.3", port: 50000 }],
    ["=10,1,2,3,195,80", { hostname: "10.1.2.3", port: 50000 }],
    ["Entering Passive Mode (10,1,2,3,195)", undefined],
    ["Entering Passive Mode (10,1,2,3,0,0)", undefined],
    ["Entering Passive Mode (10,1,2,300,1,1)", undefined],
    ["Entering Passive Mode", undefined],
  ] as const
) {
  Deno.test(`parsePassiveText reads ${JSON.stringify(text)}`, () => {
    assertEquals(parsePassiveText(text), expected);
  });
}

for (
  const [text, expected] of [
    ["Entering Extended Passive Mode (|||6446|)", 6446],
    ["229 ok (!!!1!)", 1],
    ["(|||0|)", undefined],
    ["(|||65536|)", undefined],
    ["(||6446|)", undefined],
    ["(|1|10.0.0.1|6446|)", undefined],
    ["|||6446|", undefined],
  ] as const
) {
  Deno.test(`parseExtendedPassiveText reads ${JSON.stringify(text)}`, () => {
    assertEquals(parseExtendedPassiveText(text), expected);
  });
}
