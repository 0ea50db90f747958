/**
 * The operator's console in Chromium, against a server that works: what a page shows, what its buttons do, that it can
 * be used with a keyboard and a screen reader, and on a phone.
 *
 * With `-- --screenshots DIR` the pictures of the documentation are written there.
 */

import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "@std/path";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { AdminUnderTest } from "../admin/admin_under_test.ts";
import { Wire } from "../helpers/wire.ts";
import { Receiver, SECRET } from "../webhooks/receiver.ts";
import { ALICE } from "./server_under_test.ts";
import { find } from "./process.ts";

const VIEWS = [
  ...["Overview", "Sessions", "Transfers", "Accounts"],
  ...["Bans", "Certificates", "Webhooks", "Settings", "Log"],
] as const;
const BIG = 64 * 1024 * 1024;
const SLOW = ["--download-rate", "2MiB"];

const program = await find("chromium");
const screenshots = Deno.args[Deno.args.indexOf("--screenshots") + 1 || Deno.args.length];

/** A browser, a server, and a page that has logged in. */
interface Stage {
  readonly admin: AdminUnderTest;
  readonly page: Page;
  readonly context: BrowserContext;
}

/** Runs `body` with a page of the console; nothing may have been reported in the browser's own console. */
function inBrowser(claim: string, body: (stage: Stage) => Promise<void>, { login = true } = {}): void {
  Deno.test({
    name: `Console ${claim}${program === undefined ? " (not installed: chromium)" : ""}`,
    ignore: program === undefined && Deno.env.get("CI") !== "true",
    async fn() {
      if (program === undefined) throw new Error("A client of the suite is not installed: chromium");
      await using admin = await AdminUnderTest.start({ accounts: [{ ...ALICE, flags: SLOW }] });
      const browser = await launch(program);
      try {
        const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, colorScheme: "light" });
        const page = await context.newPage();
        page.setDefaultTimeout(20_000);
        const reported: string[] = [];
        // A refused request is shown on the page; Chromium reports it as well.
        page.on("console", (message) => {
          if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) reported.push(message.text());
        });
        page.on("pageerror", (error) => reported.push(error.message));
        await page.goto(admin.origin);
        if (login) await logIn(page, admin.token);
        await body({ admin, page, context });
        assertEquals(reported, []);
      } finally {
        await browser.close();
      }
    },
  });
}

/** As root Chromium wants to be told that it has no sandbox; it reads nothing here but our own pages. */
async function launch(executablePath: string): Promise<Browser> {
  return await chromium.launch({ executablePath, args: Deno.uid() === 0 ? ["--no-sandbox"] : [] });
}

async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}

async function open(page: Page, view: typeof VIEWS[number]): Promise<void> {
  await page.getByRole("link", { name: view, exact: true }).click();
  await page.getByRole("heading", { name: view, level: 1 }).waitFor();
}

/** A client that has begun a download, and reads on in the background. */
async function download(admin: AdminUnderTest): Promise<{ readonly wire: Wire; readonly over: Promise<void> }> {
  await Deno.writeFile(join(admin.server.root, "big.iso"), new Uint8Array(BIG));
  const wire = await client(admin);
  const data = await wire.begin("RETR big.iso");
  const over = (async () => {
    const buffer = new Uint8Array(65536);
    while (await data.read(buffer).catch(() => null) !== null);
  })();
  return { wire, over };
}

async function client(admin: AdminUnderTest, name = ALICE.user, password = ALICE.password): Promise<Wire> {
  const wire = await Wire.connect(admin.server.port);
  await wire.expectReply(220);
  await wire.login(name, password);
  await wire.expect("TYPE I", 200);
  return wire;
}

async function picture(page: Page, name: string): Promise<void> {
  if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `console-${name}.png`) });
}

/** The text of a cell, as soon as it differs from `before`. */
async function changed(cell: Locator, before: string): Promise<string> {
  await cell.filter({ hasNotText: before }).waitFor();
  return await cell.innerText();
}

inBrowser("refuses a wrong token, and takes the right one", async ({ page, admin }) => {
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  assertMatch(await page.getByRole("alert").filter({ hasText: /./ }).innerText(), /wrong/i);
  await logIn(page, admin.token);
  await page.reload();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
}, { login: false });

inBrowser("shows a transfer that moves, and ends its session", async ({ page, admin }) => {
  const { wire, over } = await download(admin);
  await open(page, "Transfers");
  const running = page.getByRole("table", { name: "Running" });
  const row = running.getByRole("row").filter({ hasText: "/big.iso" });
  const moved = row.getByRole("cell").nth(4);
  await changed(moved, await moved.innerText());
  assertMatch(await row.getByRole("cell").nth(6).innerText(), /^[\d.]+ [KM]iB\/s$/);
  assertGreater(Number(await row.getByRole("progressbar").getAttribute("value")), 0);
  await picture(page, "transfers");
  await open(page, "Sessions");
  await page.getByRole("searchbox").fill("big.iso");
  await picture(page, "sessions");
  await page.getByRole("button", { name: /^Kick session/ }).click();
  await page.getByLabel("Text of the 421").fill("See you after the backup");
  await page.getByRole("dialog").getByRole("button", { name: "Kick" }).click();
  await page.getByText("Nobody is connected.").waitFor();
  assertEquals((await wire.expectReply(426)).code, 426);
  assertMatch((await wire.expectReply(421)).text, /See you after the backup/);
  await over;
  wire.close();
  await open(page, "Transfers");
  const ended = page.getByRole("table", { name: "Ended" }).getByRole("row").filter({ hasText: "/big.iso" });
  assertMatch(await ended.getByRole("cell").last().innerText(), /disconnected/);
});

inBrowser("makes an account that can log in, changes it, disables and removes it", async ({ page, admin }) => {
  await open(page, "Accounts");
  await page.getByRole("button", { name: "New account" }).click();
  await page.getByLabel("Name", { exact: true }).fill("bob");
  await page.getByLabel(/^Root/).fill(admin.server.root);
  await page.getByLabel(/^Permissions/).fill("ro");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: "Password of bob" }).waitFor();
  const password = await page.getByRole("dialog").getByLabel("Password").inputValue();
  await page.getByRole("button", { name: "Close" }).click();
  const wire = await client(admin, "bob", password);
  await wire.expect("MKD x", 550);

  await page.getByRole("textbox", { name: "Account" }).fill("bob");
  await page.getByRole("combobox", { name: "Verb" }).fill("STOR");
  await page.getByRole("textbox", { name: "Path" }).fill("/x");
  await page.getByRole("button", { name: "Ask" }).click();
  assertMatch(await page.getByRole("status").filter({ hasText: /^(Yes|No)/ }).innerText(), /^No\. /);
  await picture(page, "accounts");

  await page.getByRole("button", { name: "Edit account bob" }).click();
  const fields = page.getByRole("dialog").getByRole("textbox");
  await fields.fill("{");
  await page.getByRole("button", { name: "Save" }).click();
  assertMatch(await page.getByRole("dialog").getByRole("alert").innerText(), /not JSON/);
  await fields.fill(JSON.stringify({ root: admin.server.root, permissions: "rw" }));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row").filter({ hasText: "bob" }).getByText("rw").waitFor();

  await page.getByRole("button", { name: "Disable account bob" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await page.getByRole("row").filter({ hasText: "bob" }).getByText("disabled").waitFor();
  assertMatch((await wire.expectReply(421)).text, /./);
  wire.close();

  await page.getByRole("button", { name: "Enable account bob" }).click();
  await page.getByRole("row").filter({ hasText: "bob" }).getByText("enabled").waitFor();
  (await client(admin, "bob", password)).close();

  await page.getByRole("button", { name: "Remove account bob" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("Account bob was removed").waitFor();
  await page.getByRole("row").filter({ hasText: "bob" }).waitFor({ state: "detached" });
});

inBrowser("bans an address and lifts the ban, with the keyboard alone", async ({ page, admin }) => {
  const press = (...keys: string[]) => Promise.all(keys.map((key) => page.keyboard.press(key)));
  await tabTo(page, "Token");
  await page.keyboard.type(admin.token);
  await press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await tabTo(page, "Bans");
  await press("Enter");
  await page.getByRole("heading", { name: "Bans", level: 1 }).waitFor();
  await tabTo(page, "Ban an address");
  await press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("192.0.2.7");
  await tabTo(page, "Reason");
  await page.keyboard.type("guesses");
  await press("Enter");
  const row = page.getByRole("row").filter({ hasText: "192.0.2.7" });
  await row.getByText("guesses").waitFor();
  await tabTo(page, "Lift the ban of 192.0.2.7");
  await press("Enter");
  await page.getByText("No address is banned.").waitFor();
  await tabTo(page, "Log out");
  await press("Enter");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
}, { login: false });

/** Presses the tabulator until the element of that name has the focus: all that can be used must be reached. */
async function tabTo(page: Page, name: string): Promise<void> {
  const most = 60;
  for (let count = 0; count < most; count++) {
    const focused = await page.evaluate(
      "document.activeElement.getAttribute('aria-label') ?? " +
        "document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent",
    );
    if (focused === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`The keyboard does not reach "${name}"`);
}

inBrowser("lists what a webhook has not taken, and sends it again", async ({ page }) => {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-console-" }));
  try {
    let status = 404;
    await using service = new Receiver(({ type }) => type === "fileChanged" ? status : 200);
    const secret = join(directory, "secret");
    await Deno.writeTextFile(secret, SECRET);
    await using admin = await AdminUnderTest.start({
      readable: [directory],
      writable: [directory],
      flags: ["--state", join(directory, "state"), "--webhook", service.url, "--webhook-secret-file", secret],
    });
    const wire = await client(admin);
    for (const name of ["one", "two"]) await wire.expect(`MKD ${name}`, 257);
    wire.close();
    await page.goto(admin.origin);
    await logIn(page, admin.token);
    await open(page, "Webhooks");
    // The page looks again every few seconds.
    const letters = page.getByRole("table", { name: "Dead letters" });
    await letters.getByText("/two").waitFor();
    assertEquals(await faults(page), []);
    status = 200;
    const row = letters.getByRole("row").filter({ hasText: "/one" });
    assertMatch(await row.innerText(), /It answered 404/);
    await row.getByRole("button", { name: /^Send event .* again$/ }).click();
    await service.until(() => service.taken.some(({ path }) => path === "/one"));
    await row.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Send all again" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
    await service.until(() => service.taken.some(({ path }) => path === "/two"));
    await page.getByText("There are none.").waitFor();
    // It follows a server that is about to end.
    await page.goto("about:blank");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}, { login: false });

inBrowser("draws its plots", async ({ page, admin }) => {
  const { wire, over } = await download(admin);
  await page.getByText(/^Now: sent [\d.]+ [KM]iB\/s/).waitFor();
  assertEquals(await page.locator("canvas").count(), 4);
  // Line, grid and axes: pixels that are not transparent.
  const drawn = await page.evaluate(`Array.from(document.querySelectorAll("canvas"), (canvas) =>
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte > 0))`);
  assertEquals(drawn, [true, true, true, true]);
  await picture(page, "overview");
  await page.getByLabel("Plots of the last").selectOption("24 hours");
  wire.close();
  await over;
});

inBrowser("has no serious fault of accessibility, in light and dark, and fits a phone", async ({ page, admin }) => {
  const { wire, over } = await download(admin);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const view of VIEWS) {
      await page.setViewportSize({ width: 1200, height: 800 });
      await open(page, view);
      assertEquals(await faults(page), [], `${view}, ${colorScheme}`);
      await page.setViewportSize({ width: 390, height: 800 });
      const width = Number(await page.evaluate("document.documentElement.scrollWidth"));
      assert(width <= 390, `${view} is ${width} pixels wide on a phone`);
    }
  }
  await open(page, "Transfers");
  await picture(page, "phone");
  wire.close();
  await over;
});

/** What axe-core calls serious or critical. */
async function faults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate("axe.run()") as axe.AxeResults;
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

inBrowser("shows events as they happen", async ({ page, admin }) => {
  await open(page, "Log");
  const wire = await client(admin);
  const list = page.getByRole("list", { name: "Events" });
  await list.getByText("alice").first().waitFor();
  wire.close();
  await list.getByText("sessionClosed").waitFor();
  await page.getByLabel("With the text").fill("no such text");
  assert(await list.getByText("sessionClosed").isHidden());
});
