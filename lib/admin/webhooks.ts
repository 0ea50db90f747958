/**
 * Webhooks: which services there are, what they have not taken, and sending it once more.
 *
 * @module
 */

import * as v from "valibot";
import { HttpError } from "../http/http_error.ts";
import { withoutPassword } from "../net/without_password.ts";
import type { DeadLetter } from "../webhooks/queue.ts";
import { type Operation, operation } from "./operation.ts";
import * as schemas from "./schemas.ts";

/** Dead letters in an answer, where no other number is asked for. */
const SHOWN = 200;
/** The most that can be asked for. */
const MOST_SHOWN = 10_000;
/** Events that can be named at once. */
const MOST_IDS = 1_000;

const limit = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}$/, "Must be a whole number"),
  v.transform(Number),
  v.maxValue(MOST_SHOWN, `Must be ${MOST_SHOWN} at most`),
  v.description(`how many dead letters to list; default: ${SHOWN}`),
);

/** The operations about webhooks. */
export const WEBHOOK_OPERATIONS: readonly Operation[] = [
  operation({
    route: "GET /api/webhooks",
    summary: "List the services that are sent events, and what they have not taken",
    role: "view",
    query: { limit: v.exactOptional(limit) },
    answer: schemas.webhooks,
  }, ({ query, backend }) => {
    const webhooks = backend.webhooks();
    return {
      webhooks: webhooks?.counts().map(withoutSecrets) ?? [],
      deadLetters: webhooks?.dead(query.limit ?? SHOWN).toReversed().map(shown) ?? [],
    };
  }),
  operation({
    route: "POST /api/webhooks/replay",
    summary: "Send dead letters once more: those of some events, or all",
    role: "config",
    body: v.strictObject({
      ids: v.pipe(
        v.exactOptional(v.pipe(v.array(v.string()), v.maxLength(MOST_IDS, `Must be ${MOST_IDS} at most`))),
        v.description("of events; default: all"),
      ),
    }),
    answer: schemas.replayed,
    failures: { 404: "There is no such dead letter.", 409: "The server has no webhooks." },
  }, ({ body: { ids }, backend }) => {
    const webhooks = backend.webhooks();
    if (webhooks === undefined) throw new HttpError(409, "The server has no webhooks: see --webhook");
    const replayed = webhooks.replay(ids);
    if (replayed === 0 && ids !== undefined) throw new HttpError(404, "No dead letter has such an ID");
    return { replayed };
  }),
];

/** What is listed of a dead letter. */
export type ShownLetter = v.InferOutput<typeof schemas.webhooks>["deadLetters"][number];

/** A dead letter as it is listed. */
export function shown({ body, ...letter }: DeadLetter): ShownLetter {
  // We have written it.
  return { ...withoutSecrets(letter), event: JSON.parse(body) };
}

function withoutSecrets<T extends { readonly endpoint: string }>(given: T): T {
  return { ...given, endpoint: withoutPassword(given.endpoint) };
}
