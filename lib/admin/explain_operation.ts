/**
 * The "may they?" question, of the API and of the command line.
 *
 * @module
 */

import * as v from "valibot";
import type { Account } from "../auth/accounts.ts";
import { AccountsError } from "../auth/accounts_error.ts";
import { readAccountsText } from "../auth/file/read.ts";
import { HttpError } from "../http/http_error.ts";
import { messageOf } from "../net/message_of.ts";
import { VfsError } from "../vfs/vfs.ts";
import { resolvePath, ROOT } from "../vfs/virtual_path.ts";
import { explain, type Explanation } from "./explain.ts";
import { type Operation, operation } from "./operation.ts";
import { lineIn } from "./rule_line.ts";

/** The answer, with the place in the file of what decides. */
export interface PlacedExplanation extends Explanation {
  /** The accounts file. */
  readonly file?: string;
  /** The line in it, from 1. */
  readonly line?: number;
}

/**
 * The answer about an account; `file` is absent for one of `--anonymous` or of a database. Rejects with `RangeError`
 * for an unknown verb or a path that cannot be one.
 */
export async function explainIn(
  file: string | undefined,
  account: Account,
  { verb, path }: { readonly verb: string; readonly path: string },
): Promise<PlacedExplanation> {
  try {
    const explanation = await explain(account, verb, path);
    const text = file === undefined ? undefined : await readAccountsText(file);
    const { rule, field } = explanation;
    const wanted = { path: resolvePath(ROOT, path), rule, field };
    const line = file === undefined || text === undefined ? undefined : lineIn(text, file, account, wanted);
    return { ...explanation, ...(file !== undefined && line !== undefined && { file, line }) };
  } catch (error) {
    if (error instanceof VfsError) throw new RangeError(`Not a path: "${path}"`);
    throw error;
  }
}

/** The operation of the API. */
export const EXPLAIN_OPERATION: Operation = operation({
  route: "GET /api/explain",
  summary: "Tell whether an account may use a verb at a path, and which rule decides",
  role: "view",
  query: { account: v.string(), verb: v.string(), path: v.string() },
  answer: v.strictObject({
    allowed: v.boolean(),
    text: v.pipe(v.string(), v.description("the answer and its reason, for people")),
    rule: v.exactOptional(v.pipe(v.string(), v.description("path of the rule that decides"))),
    field: v.exactOptional(v.pipe(v.string(), v.description("field of the account that refuses"))),
    file: v.exactOptional(v.string()),
    line: v.exactOptional(v.pipe(v.number(), v.integer(), v.description("of the rule or the field in the file"))),
  }),
  failures: { 404: "There is no such account.", 409: "The accounts file cannot be read." },
}, async ({ query, backend: { accounts } }) => {
  const account = accounts.store.find(query.account);
  if (account === undefined) throw new HttpError(404, `No account "${query.account}"`);
  try {
    return await explainIn(accounts.place?.file, account, query);
  } catch (error) {
    if (error instanceof RangeError) throw new HttpError(400, messageOf(error));
    if (error instanceof AccountsError) throw new HttpError(409, error.message);
    throw error;
  }
});
