/**
 * Checks a password against a hash of another system in a thread that lives as long as the check: its memory is given
 * back, and no other session waits for it. Right passwords are remembered, so such checks are rare.
 *
 * @module
 */

import { threadModule } from "../../threads/module.ts";
import { PASSWORD_THREAD } from "../../threads/scope.ts";
import { hasSpareDescriptors } from "../../threads/spare_descriptors.ts";
import type { PasswordAnswer, PasswordQuestion } from "./thread.ts";

const MODULE = threadModule(import.meta.url, "./main.ts");

/** Whether the password has the hash. Rejects if there can be no thread now. */
export async function checkInThread(question: PasswordQuestion): Promise<boolean> {
  // Without any, the runtime would end the process.
  if (!hasSpareDescriptors(MODULE)) throw new Error("Cannot check a password: no room for another thread");
  const worker = new Worker(MODULE, { type: "module", name: PASSWORD_THREAD });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<PasswordAnswer>();
    worker.onmessage = ({ data }: MessageEvent<PasswordAnswer>) => resolve(data);
    worker.onerror = (event) => {
      // Without this the error would end this thread too.
      event.preventDefault();
      reject(new Error(`Cannot check a password: ${event.message}`));
    };
    worker.postMessage(question);
    const answer = await promise;
    if ("failure" in answer) throw new Error(`Cannot check a password: ${answer.failure}`);
    return answer.matches;
  } finally {
    worker.terminate();
  }
}
