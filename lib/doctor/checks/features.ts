/**
 * What FEAT promises against what the server does, and commands sent ahead.
 *
 * @module
 */

import type { ControlConnection } from "../../client/control.ts";
import type { LoggedIn } from "../../client/connect.ts";
import type { Examination } from "../examination.ts";

/** A feature, and a command without effect that shows whether it is there. */
interface Promised {
  /** As FEAT has it. */
  readonly feature: string;
  readonly verb: string;
  readonly argument?: string;
}

/** No server has it: a name that is missing is 550, an unknown command 500 or 502. */
const MISSING = "denoftpd-doctor-no-such-file";
const PROMISED: readonly Promised[] = [
  { feature: "MLST", verb: "MLST" },
  { feature: "SIZE", verb: "SIZE", argument: MISSING },
  { feature: "MDTM", verb: "MDTM", argument: MISSING },
  { feature: "MFMT", verb: "MFMT", argument: `20200101000000 ${MISSING}` },
  { feature: "REST", verb: "REST", argument: "0" },
  { feature: "HASH", verb: "HASH", argument: MISSING },
  { feature: "XCRC", verb: "XCRC", argument: MISSING },
  { feature: "XMD5", verb: "XMD5", argument: MISSING },
  { feature: "XSHA256", verb: "XSHA256", argument: MISSING },
];
/** Replies for commands and arguments that a server does not know (RFC 959 section 4.2.1). */
const UNKNOWN = new Set([500, 501, 502, 504]);
/** Commands sent in one piece. Each has its own reply, and PWD ends them. */
const AHEAD = 5;

/** The checks of commands without a transfer. */
export async function checkFeatures(examination: Examination): Promise<void> {
  const { control, features } = await examination.logIn();
  using _control = control;
  if (features.size === 0) examination.found("noFeatures", "FEAT is refused, or lists nothing");
  const [broken, hidden] = await compared(control, features);
  if (broken.length > 0) examination.found("featureBroken", broken.join("; "));
  if (hidden.length > 0 && features.size > 0) examination.found("featureHidden", hidden.join("; "));
  await checkAhead(examination, control);
}

/** What is listed and does not work, and what works and is not listed. */
async function compared(
  control: ControlConnection,
  features: LoggedIn["features"],
): Promise<readonly [broken: string[], hidden: string[]]> {
  const [broken, hidden]: [string[], string[]] = [[], []];
  for (const { feature, verb, argument } of PROMISED) {
    const { code, text } = await control.exchange(verb, argument);
    const works = !UNKNOWN.has(code);
    const seen = `${feature}: ${verb} is answered ${code} ${text}`;
    if (features.has(feature) && !works) broken.push(seen);
    if (!features.has(feature) && works) hidden.push(seen);
  }
  return [broken, hidden];
}

async function checkAhead(examination: Examination, control: ControlConnection): Promise<void> {
  for (let sent = 0; sent < AHEAD; sent++) await control.send("NOOP");
  await control.send("PWD");
  try {
    for (let seen = 0; seen < AHEAD; seen++) {
      const { code } = await control.finalReply();
      if (code === 257) throw new Error(`after ${AHEAD} NOOP and PWD only ${seen} replies preceded that to PWD`);
    }
    await control.finalReply();
  } catch (error) {
    examination.found("pipeliningBroken", error instanceof Error ? error.message : String(error));
  }
}
