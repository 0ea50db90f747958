/**
 * Everything the doctor can find.
 *
 * @module
 */

import { CONNECTION_KINDS } from "./connection_kinds.ts";
import { SERVICE_KINDS } from "./service_kinds.ts";

/** How much each finding matters, what it means, and the setting to change in the servers that people run. */
export const KINDS = { ...CONNECTION_KINDS, ...SERVICE_KINDS };

/** The name of a finding. */
export type FindingId = keyof typeof KINDS;
