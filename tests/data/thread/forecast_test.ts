import { assertEquals } from "@std/assert";
import { BulkForecast, type TransferKind } from "../../../lib/data/thread/forecast.ts";

/** What is expected after each of these transfers that came after `last`: `L` a large download, `s` anything else. */
function forecasts(last: TransferKind | undefined, transfers: string): string {
  const forecast = new BulkForecast();
  return Array.from(transfers, (transfer) => {
    forecast.learn(last, transfer === "L" ? "bulk" : "other");
    return forecast.expectsBulk(last) ? "L" : "s";
  }).join("");
}

Deno.test("BulkForecast expects that a session goes on as it was", () => {
  assertEquals(forecasts("bulk", "ssss"), "LLLL");
  assertEquals(forecasts("other", "LLLL"), "ssss");
});

for (const last of [undefined, "listing"] as const) {
  const where = last === undefined ? "at the beginning of a session" : "after a listing";
  Deno.test(`BulkForecast expects ${where} a large download after two in a row`, () => {
    assertEquals(forecasts(last, "sLLL"), "ssLL");
    assertEquals(forecasts(last, "LLsLL"), "sLssL");
  });
}

Deno.test("BulkForecast distinguishes first transfers from those that follow a listing", () => {
  const forecast = new BulkForecast();
  for (let times = 0; times < 2; times++) forecast.learn("listing", "bulk");
  assertEquals([forecast.expectsBulk("listing"), forecast.expectsBulk(undefined)], [true, false]);
});
