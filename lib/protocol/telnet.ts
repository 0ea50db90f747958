/**
 * The part of the Telnet protocol that a control connection uses (RFC 959 section 2.3, RFC 1123 section 4.1.2.12):
 * sequences are removed, and every option is refused.
 *
 * @module
 */

/** From this value up, a byte after `IAC` is a command (RFC 854). */
const FIRST_COMMAND = 0xf0;
const WILL = 0xfb;
const WONT = 0xfc;
const DO = 0xfd;
const DONT = 0xfe;
const INTERRUPT_PROCESS = 0xf4;
/** Makes the byte after it a command. */
export const IAC = 0xff;

/** Removes Telnet from a stream, however it is split. */
export class TelnetFilter {
  /**
   * `command`: an `IAC` has arrived, but not what follows it. A number is the verb of an option that has not arrived.
   */
  #state: "text" | "command" | number = "text";
  #refusals: number[] | undefined;
  #interrupted = false;

  /** Whether `IAC IP` arrived last, apart from an `IAC`: the beginning of a Synch (RFC 959 section 4.1). */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Whether a sequence has begun and not ended. */
  get pending(): boolean {
    return this.#state !== "text";
  }

  /** `IAC WONT x` for each `IAC DO x`, `IAC DONT x` for each `IAC WILL x`, since the last call. */
  takeRefusals(): Uint8Array | undefined {
    const refusals = this.#refusals;
    this.#refusals = undefined;
    return refusals && Uint8Array.from(refusals);
  }

  /**
   * The bytes without `IAC WILL|WONT|DO|DONT option` and `IAC command`. `IAC IAC` is the byte 255, which never occurs
   * in UTF-8. A byte that is not a command is text even after `IAC`: the Synch that accompanies ABOR leaves
   * `IAC IP IAC` in the stream when the system removes its urgent byte. No option is ever agreed to, so there is no
   * `SB`. The result is `chunk` itself if there is nothing to remove.
   */
  apply(chunk: Uint8Array): Uint8Array {
    if (this.#state === "text" && !chunk.includes(IAC)) {
      this.#interrupted = false;
      return chunk;
    }
    const text = new Uint8Array(chunk.length);
    let length = 0;
    for (const byte of chunk) {
      if (typeof this.#state === "number") this.#refuse(this.#state, byte);
      else if (this.#state === "text" && byte === IAC) this.#state = "command";
      else if (this.#state === "command" && byte >= FIRST_COMMAND && byte !== IAC) {
        this.#state = byte >= WILL && byte <= DONT ? byte : "text";
        this.#interrupted = byte === INTERRUPT_PROCESS;
      } else {
        this.#state = "text";
        this.#interrupted = false;
        text[length++] = byte;
      }
    }
    return text.subarray(0, length);
  }

  /**
   * WONT and DONT confirm the current state, and get no answer: two sides that answer each other never stop (RFC 854).
   */
  #refuse(verb: number, option: number): void {
    this.#state = "text";
    if (verb === WILL) (this.#refusals ??= []).push(IAC, DONT, option);
    if (verb === DO) (this.#refusals ??= []).push(IAC, WONT, option);
  }
}
