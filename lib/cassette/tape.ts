/**
 * A cassette that is being recorded.
 *
 * @module
 */

import { CassetteError, MOST_OF_CASSETTE, type RecordedSession } from "./cassette.ts";
import { FIRST_LINE, formatSession } from "./text.ts";

/**
 * Writes sessions in the order in which they began, each once it and those before it have ended: two recordings of the
 * same work do not differ because one client was slower, and little is lost if the program is killed.
 */
export class Tape {
  readonly #write: (text: string) => void;
  /** Not written yet, the oldest first. */
  readonly #waiting: { readonly session: RecordedSession; isOver: boolean }[] = [];
  #size = 0;
  #isEmpty = true;

  /** @param write appends to the file; first called for the first session, so that an earlier file stays until then. */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** A session begins. The result is to be called when `session` is complete. */
  add(session: RecordedSession): () => void {
    const waiting = { session, isOver: false };
    this.#waiting.push(waiting);
    return () => {
      waiting.isOver = true;
      while (this.#waiting[0]?.isOver) this.#put(this.#waiting.shift()!.session);
    };
  }

  /** `bytes` more are to be recorded. @throws {CassetteError} above the limit. */
  count(bytes: number): void {
    this.#size += bytes;
    if (this.#size > MOST_OF_CASSETTE) throw new CassetteError(`more than ${MOST_OF_CASSETTE} bytes in the cassette`);
  }

  /** Writes all that is left. */
  end(): void {
    for (const { session } of this.#waiting.splice(0)) this.#put(session);
  }

  /** A command whose reply never came would make the cassette unreadable. */
  #put({ greeting, exchanges }: RecordedSession): void {
    if (greeting.length === 0) return;
    const session = formatSession({ greeting, exchanges: exchanges.filter(({ steps }) => steps.length > 0) });
    this.#write(this.#isEmpty ? `${FIRST_LINE}\n${session}` : session);
    this.#isEmpty = false;
  }
}
