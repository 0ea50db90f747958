/**
 * `npx denoftpd`: runs the program, passes signals on, and ends as it does.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { findRuntime } from "./runtime.ts";

try {
  const { program, args, environment } = findRuntime();
  const child = spawn(program, [...args, ...process.argv.slice(2)], { stdio: "inherit", env: environment });
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    process.on(signal, () => {
      // A terminal sends Control-C to both, and a second one would not let running transfers end.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.once("error", (error) => fail(error.message));
  child.once("exit", (code, signal) => {
    if (code !== null) process.exit(code);
    // As whoever waits for it would see it without us.
    for (const each of ["SIGTERM", "SIGHUP", "SIGINT"]) process.removeAllListeners(each);
    process.kill(process.pid, signal ?? "SIGTERM");
  });
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function fail(message: string): void {
  process.stderr.write(`denoftpd: ${message}\n`);
  process.exit(1);
}
