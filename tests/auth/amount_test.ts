import { assertEquals } from "@std/assert";
import { formatAmount, parseAmount } from "../../lib/auth/amount.ts";

Deno.test("parseAmount reads what people write", () => {
  const cases: [string, number | undefined][] = [
    ["0", 0],
    ["1024", 1024],
    ["10 MiB", 10_485_760],
    ["10MiB", 10_485_760],
    ["10M", 10_485_760],
    ["10 MB", 10_000_000],
    ["500kB", 500_000],
    ["500KB", 500_000],
    ["1.5 GiB", 1_610_612_736],
    ["2tib", 2_199_023_255_552],
    ["1 MiB/s", 1_048_576],
    [" 7 B ", 7],
    ["", undefined],
    ["MiB", undefined],
    ["-1", undefined],
    ["1e3", undefined],
    ["1,5 MiB", undefined],
    ["10 MiBs", undefined],
    ["10 XB", undefined],
    ["10  MiB", undefined],
    ["99999 TiB", undefined],
  ];
  for (const [text, bytes] of cases) assertEquals(parseAmount(text), bytes, text);
});

Deno.test("formatAmount writes what parseAmount reads back", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [1, "1 B"],
    [1024, "1 KiB"],
    [1025, "1025 B"],
    [10_485_760, "10 MiB"],
    [
      2 ** 40,
      "1 TiB",
    ],
  ];
  for (const [bytes, text] of cases) {
    assertEquals(formatAmount(bytes), text);
    assertEquals(parseAmount(text), bytes);
  }
});
