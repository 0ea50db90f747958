/**
 * The doctor: acts as a client against a server, and says what is wrong with it, worst first, with the setting to
 * change.
 *
 * @module
 */

import { messageOf } from "../net/message_of.ts";
import { checkAbort } from "./checks/abort.ts";
import { checkData } from "./checks/data.ts";
import { checkDataTls } from "./checks/data_tls.ts";
import { checkFeatures } from "./checks/features.ts";
import { checkFiles } from "./checks/files.ts";
import { checkNames, checkWorkingDirectory } from "./checks/names.ts";
import { checkReach, checkVersions } from "./checks/reach.ts";
import { withScratch } from "./checks/scratch.ts";
import { Examination, type ExaminedServer } from "./examination.ts";
import { type Finding, sortFindings } from "./finding.ts";

/** The options of {@link examine}. */
export interface ExamineOptions extends ExaminedServer {
  /**
   * Writes nothing. Otherwise a directory is created for the examination, and removed after it.
   *
   * @default false
   */
  readonly readOnly?: boolean;
  /** Called with the name of each part before it begins. */
  readonly onPart?: (name: string) => void;
}

/** Examines a server. Resolves to what was found, the worst first; empty if nothing is wrong. Never rejects for it. */
export async function examine(options: ExamineOptions): Promise<readonly Finding[]> {
  const { readOnly = false, onPart = () => {} } = options;
  const examination = new Examination(options);
  const part = async (name: string, check: (examination: Examination) => Promise<void>): Promise<void> => {
    onPart(name);
    try {
      await check(examination);
    } catch (error) {
      examination.found("checkFailed", `${name}: ${messageOf(error)}`);
    }
  };
  onPart("reach and TLS");
  if (await checkReach(examination) && await canLogIn(examination)) {
    await part("features", checkFeatures);
    await part("working directory", checkWorkingDirectory);
    await part("data connections", checkData);
    if (examination.dataMode) await part("TLS on data connections", checkDataTls);
    if (readOnly) examination.found("readOnly", "as asked");
    else {
      await withScratch(examination, async () => {
        await part("names", checkNames);
        if (!examination.dataMode) return;
        await part("files", checkFiles);
        await part("ABOR", checkAbort);
      });
    }
    await part("TLS versions", checkVersions);
  }
  return sortFindings(examination.findings);
}

async function canLogIn(examination: Examination): Promise<boolean> {
  try {
    const { control } = await examination.logIn();
    control.close();
    return true;
  } catch (error) {
    examination.found("loginRefused", messageOf(error));
    return false;
  }
}
