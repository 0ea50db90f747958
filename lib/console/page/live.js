/**
 * What happens now, once a second, while the page is visible: the server samples nothing for a page that nobody sees.
 */
export class Live extends EventTarget {
  #status;
  #source;
  #running = false;
  #search = "";
  /** The newest snapshot. */
  last;

  /** @param status where a lost connection is reported. */
  constructor(status) {
    super();
    this.#status = status;
    document.addEventListener("visibilitychange", () => this.#adjust());
  }

  start() {
    this.#running = true;
    this.#adjust();
  }

  stop() {
    this.#running = false;
    this.#adjust();
  }

  /** Wants only the sessions that a text is found in. */
  search(text) {
    if (text === this.#search) return;
    this.#search = text;
    if (!this.#source) return;
    this.#source.close();
    this.#source = undefined;
    this.#adjust();
  }

  /** Calls `listener` with each snapshot, the newest at once; gives what ends that. */
  follow(listener) {
    const onSnapshot = () => listener(this.last);
    this.addEventListener("snapshot", onSnapshot);
    if (this.last) listener(this.last);
    return () => this.removeEventListener("snapshot", onSnapshot);
  }

  #adjust() {
    const wanted = this.#running && !document.hidden;
    if (wanted === (this.#source !== undefined)) return;
    if (!wanted) {
      this.#source.close();
      this.#source = undefined;
      return;
    }
    this.#source = new EventSource(`/api/live?search=${encodeURIComponent(this.#search)}`);
    this.#source.addEventListener("open", () => this.#status.textContent = "");
    // The browser tries again by itself.
    this.#source.addEventListener("error", () => this.#status.textContent = "No connection to the server");
    this.#source.addEventListener("message", ({ data }) => {
      this.last = JSON.parse(data);
      this.dispatchEvent(new Event("snapshot"));
    });
  }
}
