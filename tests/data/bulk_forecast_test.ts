import { assertEquals } from "@std/assert";
import { BulkForecast } from "../../lib/data/bulk_forecast.ts";

/** What is expected after each of these, `L` a large download and `s` anything else. */
function forecasts(transfers: string): string {
  const forecast = new BulkForecast();
  return Array.from(transfers, (transfer) => {
    forecast.learn(transfer === "L");
    return forecast.expectsBulk ? "L" : "s";
  }).join("");
}

Deno.test("BulkForecast expects nothing large at first", () => {
  assertEquals(new BulkForecast().expectsBulk, false);
});

Deno.test("BulkForecast expects what came last twice, and overlooks one exception", () => {
  assertEquals(forecasts("LL"), "sL");
  assertEquals(forecasts("LLLLLsLss"), "sLLLLLLLs");
  assertEquals(forecasts("sssssLsLL"), "ssssssssL");
});
