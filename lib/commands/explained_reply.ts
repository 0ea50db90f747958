/**
 * Replies that carry the reason why they refuse, as data for the log: clients get the code and the text only.
 *
 * @module
 */

import type { RefusalCause, RefusalReason } from "../events.ts";
import type { Reply } from "../protocol/reply.ts";

/** A reply of 400 or above with what is behind it; `reported`: another event says so. */
interface ExplainedReply extends Reply {
  readonly why: RefusalCause | "reported";
}

/** `refusal` with what is behind it. */
export function explained(refusal: Reply, why: RefusalCause): Reply {
  const reply: ExplainedReply = { ...refusal, why };
  return reply;
}

/** `refusal`, the reason for which is in another event already. */
export function reported(refusal: Reply): Reply {
  const reply: ExplainedReply = { ...refusal, why: "reported" };
  return reply;
}

/** What is behind a reply of 400 or above; `undefined` if another event says so. */
export function causeOf(refusal: Reply): RefusalCause | undefined {
  if (isExplained(refusal)) return refusal.why === "reported" ? undefined : refusal.why;
  return { reason: BY_CODE.get(refusal.code) ?? "refused" };
}

function isExplained(reply: Reply): reply is ExplainedReply {
  return "why" in reply;
}

/** For the replies that a handler returns without more: what the situation of their code is. */
const BY_CODE: ReadonlyMap<number, RefusalReason> = new Map([
  [421, "limit"],
  [425, "dataConnection"],
  [426, "aborted"],
  [450, "busy"],
  [451, "server"],
  [452, "noSpace"],
  [500, "badLine"],
  [501, "argument"],
  [502, "unavailable"],
  [503, "sequence"],
  [504, "parameter"],
  [521, "tls"],
  [522, "dataConnection"],
  [530, "login"],
  [533, "tls"],
  [534, "tls"],
  [536, "parameter"],
  [552, "quota"],
  [553, "name"],
  [554, "offset"],
]);
