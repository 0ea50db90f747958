/**
 * The offset of a time zone from UTC at an instant, cheap enough for every line of a listing.
 *
 * @module
 */

const QUARTER_HOUR = 900_000;
/**
 * Shorter than the time between any two changes of one zone, so that equal offsets at both ends mean that nothing
 * changed in between.
 */
const SPAN = 7 * 24 * 4 * QUARTER_HOUR;
/** The size at which the cache is emptied: 80 years of spans, or as many hostile times in files. */
const MOST_CACHED = 4096;

/** A time zone of the IANA database. */
export class Zone {
  readonly #format: Intl.DateTimeFormat;
  /** Instants that start a span or a quarter of an hour, and their offsets. */
  readonly #offsets = new Map<number, number>();

  /**
   * `name` as in the IANA time zone database, such as `Europe/Berlin`.
   *
   * @throws {RangeError} for a name that the runtime does not know.
   */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  }

  /** Milliseconds to add to UTC at `instant` (milliseconds since 1970) to get local time. */
  offsetAt(instant: number): number {
    const start = Math.floor(instant / SPAN) * SPAN;
    const offset = this.#cachedOffset(start);
    if (offset === this.#cachedOffset(start + SPAN)) return offset;
    return this.#cachedOffset(Math.floor(instant / QUARTER_HOUR) * QUARTER_HOUR);
  }

  #cachedOffset(instant: number): number {
    const known = this.#offsets.get(instant);
    if (known !== undefined) return known;
    if (this.#offsets.size >= MOST_CACHED) this.#offsets.clear();
    const offset = this.#offsetOf(instant);
    this.#offsets.set(instant, offset);
    return offset;
  }

  #offsetOf(instant: number): number {
    const name = this.#format.formatToParts(instant).find((part) => part.type === "timeZoneName")?.value ?? "";
    const match = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name);
    if (match === null) return 0;
    const [hours = 0, minutes = 0, seconds = 0] = match.slice(2).map((part) => Number(part ?? 0));
    const offset = ((hours * 60 + minutes) * 60 + seconds) * 1000;
    return match[1] === "-" ? -offset : offset;
  }
}
