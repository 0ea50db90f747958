import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const PROGRAM = fromFileUrl(new URL("./uncaught_program.ts", import.meta.url));
const ALL = Array.from({ length: 5000 }, (_, number) => String(number));

for (const workers of [1, 2]) {
  for (const into of ["standard error", "a file that is renamed meanwhile"] as const) {
    Deno.test({
      name: `serve writes its log to ${into} and an uncaught error before it ends, with ${workers} event loop(s)`,
      ignore: Deno.build.os === "windows" && into !== "standard error",
      fn: async () => {
        const directory = await Deno.makeTempDir();
        const [xferlog, log] = [join(directory, "xferlog"), join(directory, "log")];
        const output = await new Deno.Command(Deno.execPath(), {
          args: [
            ...["run", "--allow-all", PROGRAM, "--port", "0", "--allow-root", "--workers", String(workers)],
            ...["--anonymous", directory, "--xferlog", xferlog],
            ...into === "standard error" ? [] : ["--log-file", log],
          ],
          stdin: "null",
        }).output();
        const stderr = new TextDecoder().decode(output.stderr);
        const texts = into === "standard error"
          ? stderr
          : [`${log}.1`, log].filter(exists).map((path) => Deno.readTextFileSync(path)).join("");
        const files = Deno.readTextFileSync(xferlog) +
          (exists(`${xferlog}.1`) ? Deno.readTextFileSync(`${xferlog}.1`) : "");
        await Deno.remove(directory, { recursive: true });
        assertEquals(output.code, 1, stderr.slice(-500));
        assertEquals(numbersOf(texts, /^\S+ info +Line (\d+)$/gm), ALL);
        assertEquals(numbersOf(files, / \/file-(\d+) b _ o r ann ftp 0 \* c$/gm), ALL);
        assertMatch(
          texts,
          / error {3}Stopped by an error after .*: "Error: Out of the blue\\n +at .*uncaught_program\.ts.*"\n$/,
        );
      },
    });
  }
}

function numbersOf(text: string, line: RegExp): string[] {
  return Array.from(text.matchAll(line), ([, number = ""]) => number);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
