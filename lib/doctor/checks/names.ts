/**
 * Names: what PWD and MKD say of them, and whether they come back as they were sent.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import { parseQuotedPath } from "../../protocol/quoted_path.ts";
import type { Examination } from "../examination.ts";

const QUOTED = 'quo"te';
/** UTF-8 (RFC 2640), spaces at both ends, and what shells and patterns treat as their own. */
const NAMES = ["ünï-→", " leading", "with  two spaces", "semi;colon", "[a]", "-dash"];

/** Whether PWD's reply can be read. Needs no right to write. */
export async function checkWorkingDirectory(examination: Examination): Promise<void> {
  const { control } = await examination.logIn();
  using _control = control;
  const { code, text } = await control.exchange("PWD");
  if (code === 257 && text.startsWith('"') && parseQuotedPath(text) !== undefined) return;
  examination.found("unquotedPath", `PWD is answered ${code} ${text}`);
}

/** Needs the scratch directory. */
export async function checkNames(examination: Examination): Promise<void> {
  await using client = await examination.connectToScratch();
  await checkQuote(examination, client);
  const changed: string[] = [];
  for (const name of NAMES) {
    const refusal = await madeAs(examination, client, name);
    if (refusal) changed.push(`"${name}": ${refusal}`);
  }
  if (changed.length > 0) examination.found("namesChanged", changed.join("; "));
}

async function checkQuote(examination: Examination, client: Client): Promise<void> {
  if (await madeAs(examination, client, QUOTED) !== undefined) return;
  await client.changeDirectory(QUOTED);
  const { text } = await client.request("PWD");
  await client.request("CDUP");
  const path = parseQuotedPath(text);
  if (!path?.endsWith(`/${QUOTED}`)) examination.found("quoteNotDoubled", `in ${QUOTED}, PWD says ${text}`);
}

/** Creates a directory and goes there. Resolves to what went wrong. */
async function madeAs(examination: Examination, client: Client, name: string): Promise<string | undefined> {
  try {
    await client.makeDirectory(name);
    examination.created.push(name);
    await client.changeDirectory(name);
    const path = await client.workingDirectory();
    await client.request("CDUP");
    return path.endsWith(`/${name}`) || name === QUOTED ? undefined : `PWD says ${path}`;
  } catch (error) {
    if (error instanceof ClientError && error.kind === "reply") return error.message;
    throw error;
  }
}
