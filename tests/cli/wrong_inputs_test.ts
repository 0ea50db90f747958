import { assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { WRONG_INPUTS } from "./wrong_inputs.ts";
import { WrongInputs } from "./wrong_inputs_run.ts";

for (const [subject, inputs] of Object.entries(WRONG_INPUTS)) {
  Deno.test(`Each wrong input ends with status 2 and one line that says what to do: ${subject}`, async () => {
    await using bed = await WrongInputs.make();
    for (const { args, env, message } of inputs) {
      const { status, stdout, stderr } = await bed.run(args, env);
      assertEquals([status, stdout, stderr], [2, "", `denoftpd: ${message}\n`], args.join(" "));
    }
  });
}

Deno.test("An unknown command is answered with the one that was meant", async () => {
  const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
  for (const [wrong, right] of [["serv", "serve"], ["mirorr", "mirror"]] as const) {
    const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--quiet", main, wrong], stdin: "null" });
    const { code, stderr } = await command.output();
    const message = `denoftpd: Unknown command "${wrong}": did you mean "${right}"? See denoftpd help\n`;
    assertEquals([code, new TextDecoder().decode(stderr)], [2, message]);
  }
});

Deno.test("The table has at least sixty wrong inputs, no two alike", () => {
  const lines = Object.values(WRONG_INPUTS).flat().map(({ args, env }) => JSON.stringify([args, env]));
  assertGreater(lines.length, 59);
  assertEquals(new Set(lines).size, lines.length);
});
