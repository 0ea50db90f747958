/**
 * Commands that are sent while a transfer still runs: the server answers them right after its end, which saves a round
 * trip or two a file. Not every server takes them.
 *
 * @module
 */

/**
 * What is known of a server: whether it answers commands that arrive during a transfer, in order and after it.
 * `trying`: one client finds out.
 */
export type AheadState = "unknown" | "trying" | "yes" | "no";

/** What the clients of one server have found out together. */
export class AheadKnowledge {
  #state: AheadState;
  #trier: object | undefined;
  readonly #onKnown: ((takesAhead: boolean) => void) | undefined;

  /**
   * Begins with what is known.
   *
   * @param known what is known from before.
   * @param onKnown called when it becomes known.
   */
  constructor(known?: boolean, onKnown?: (takesAhead: boolean) => void) {
    this.#state = known === undefined ? "unknown" : known ? "yes" : "no";
    this.#onKnown = onKnown;
  }

  /** What is known now. */
  get state(): AheadState {
    return this.#state;
  }

  /** Whether `client` may send commands ahead: while it is not known whether that works, a single one tries. */
  allows(client: object): boolean {
    if (this.#state === "unknown") [this.#state, this.#trier] = ["trying", client];
    return this.#state === "yes" || (this.#state === "trying" && this.#trier === client);
  }

  /** A server answered as hoped, or not. A failure counts for good, a success only until the first failure. */
  learn(works: boolean): void {
    const next = works ? "yes" : "no";
    if (this.#state === next || this.#state === "no") return;
    this.#state = next;
    this.#onKnown?.(works);
  }

  /** `client` is gone: if it was to find out, another may. */
  release(client: object): void {
    if (this.#state === "trying" && this.#trier === client) this.#state = "unknown";
  }
}
