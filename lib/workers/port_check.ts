/**
 * Whether a port is free for workers to share.
 *
 * @module
 */

/**
 * The system lets another program of the same user share the port, and half of the connections would silently go to it.
 *
 * Without `--unstable-net` the second attempt ends the program with a message of the runtime; in a worker it would end
 * the worker without a message.
 */
export function requireFree(hostname: string, port: number): void {
  if (port !== 0) Deno.listen({ hostname, port }).close();
  Deno.listen({ hostname, port, reusePort: true }).close();
}
