/**
 * Work that goes on side by side.
 *
 * @module
 */

/**
 * Resolves when all of `work` is over, whatever became of it: nothing may still run when a job reports its end.
 *
 * @throws the first failure, then.
 */
export async function settle(work: Iterable<Promise<unknown>>): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
