/**
 * Every operation of the API, in the order of its document.
 *
 * @module
 */

import { ACCOUNT_OPERATIONS } from "./accounts.ts";
import { EXPLAIN_OPERATION } from "./explain_operation.ts";
import type { Operation } from "./operation.ts";
import { SERVER_OPERATIONS } from "./server_operations.ts";
import { SESSION_OPERATIONS } from "./sessions.ts";
import { WATCH_OPERATIONS } from "./watch/operations.ts";
import { WEBHOOK_OPERATIONS } from "./webhooks.ts";

/** Those that a caller is needed for. */
export const OPERATIONS: readonly Operation[] = [
  ...SERVER_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...ACCOUNT_OPERATIONS,
  EXPLAIN_OPERATION,
  ...WEBHOOK_OPERATIONS,
  ...WATCH_OPERATIONS,
];
