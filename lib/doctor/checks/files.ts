/**
 * Files of known content: their listings and times, resume, and ASCII.
 *
 * @module
 */

import { ClientError } from "../../client/errors.ts";
import { parseHumanListing, parseMachineListing } from "../../client/remote_entry.ts";
import { messageOf } from "../../net/message_of.ts";
import type { Examination } from "../examination.ts";
import { receive } from "../receive.ts";
import { bytesOf, fetchText } from "./bytes.ts";

const FILE = "file.txt";
const TEXT = "one\ntwo\nthree\n";
const OFFSET = 4;
/** Clocks of hosts that are set by NTP differ by less; a round trip and whole seconds are in it, too. */
const CLOCK_TOLERANCE = 90_000;

/**
 * Needs the scratch directory and data connections. Each part has a session of its own, one after the other: the
 * runtime keeps one TLS session a host, and a server that wants that of the control connection refuses the one of
 * another login.
 */
export async function checkFiles(examination: Examination): Promise<void> {
  await checkEmptyListing(examination);
  await checkClock(examination);
  await checkListings(examination);
  await checkResume(examination);
  await checkAscii(examination);
}

async function checkEmptyListing(examination: Examination): Promise<void> {
  const session = await examination.logIn();
  using control = session.control;
  await control.request("CWD", examination.scratch);
  try {
    await receive(examination, session, { verb: "LIST" });
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== "reply") throw error;
    examination.found("emptyListRefused", error.message);
  }
}

async function checkClock(examination: Examination): Promise<void> {
  await using client = await examination.connectToScratch();
  const before = Date.now();
  await client.upload(bytesOf(TEXT), FILE);
  examination.created.push(FILE);
  const modified = await unlessRefused(() => client.modified(FILE));
  if (modified === undefined) return;
  const [early, late] = [modified - before, modified - Date.now()];
  if (early > -CLOCK_TOLERANCE && late < CLOCK_TOLERANCE) return;
  const time = new Date(modified).toISOString();
  examination.found("clockOff", `a file that was written just now has the time ${time}, ${difference(late)}`);
}

function difference(milliseconds: number): string {
  const minutes = Math.round(Math.abs(milliseconds) / 60_000);
  const amount = minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
  return `${amount} ${milliseconds < 0 ? "too early" : "too late"}`;
}

async function checkListings(examination: Examination): Promise<void> {
  const session = await examination.logIn();
  using control = session.control;
  await control.request("CWD", examination.scratch);
  const human = parseHumanListing((await receive(examination, session, { verb: "LIST" })).text, Date.now());
  if (human.unreadable.length > 0) examination.found("listUnreadable", human.unreadable.slice(0, 3).join(" | "));
  if (!session.features.has("MLST") && !session.features.has("MLSD")) return;
  const machine = await unlessRefused(() => receive(examination, session, { verb: "MLSD" }));
  if (!machine) return;
  const [byList, byMlsd] = [human, parseMachineListing(machine.text)].map(({ entries }) =>
    entries.map(({ name }) => name).filter((name) => name !== "." && name !== "..").toSorted().join(", ")
  );
  if (byList === byMlsd || human.unreadable.length > 0) return;
  examination.found("listingsDiffer", `LIST has "${byList}", MLSD has "${byMlsd}"`);
}

async function checkResume(examination: Examination): Promise<void> {
  await using client = await examination.connectToScratch();
  const down = await outcomeOf(() => fetchText(client, FILE, { offset: OFFSET, size: TEXT.length }));
  const end = TEXT.slice(OFFSET);
  if (down !== end) examination.found("noResume", `REST ${OFFSET} and RETR: ${unlike(down, end)}`);
  const changed = TEXT.slice(0, OFFSET) + end.toUpperCase();
  const up = await outcomeOf(async () => {
    await client.upload(bytesOf(end.toUpperCase()), FILE, { offset: OFFSET });
    return await fetchText(client, FILE, { size: TEXT.length });
  });
  if (up !== changed) examination.found("noUploadResume", `REST ${OFFSET} and STOR: ${unlike(up, changed)}`);
}

function unlike(seen: string | Error, expected: string): string {
  return seen instanceof Error ? seen.message : `${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`;
}

async function checkAscii(examination: Examination): Promise<void> {
  const session = await examination.logIn();
  using control = session.control;
  await control.request("CWD", examination.scratch);
  await control.request("TYPE", "A");
  const outcome = await outcomeOf(async () =>
    (await receive(examination, session, { verb: "RETR", argument: FILE })).text
  );
  if (outcome instanceof Error) return examination.found("asciiBroken", messageOf(outcome));
  const lines = outcome.toLowerCase();
  if (lines === TEXT) examination.found("asciiUnchanged", "after TYPE A, lines still end with LF alone");
  else if (lines !== TEXT.replaceAll("\n", "\r\n")) {
    examination.found("asciiBroken", unlike(lines, TEXT.replaceAll("\n", "\r\n")));
  }
}

/** `undefined` for what the server refuses. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ClientError && error.kind === "reply") return undefined;
    throw error;
  }
}

async function outcomeOf(work: () => Promise<string>): Promise<string | Error> {
  try {
    return await work();
  } catch (error) {
    return error instanceof ClientError ? error : Promise.reject(error);
  }
}
