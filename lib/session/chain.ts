/**
 * A list whose elements know their neighbours.
 *
 * A `Set` in which objects come and go is expensive for V8's collector: each table that it has outgrown points to the
 * next one and keeps what was in it. Once such a table is old, all that has passed through the set since lives until
 * the next full collection, and every scavenge copies it. With logins, 32 at once, these were six in ten of the bytes
 * that it copied.
 *
 * @module
 */

/** An element of a {@link Chain}, which alone sets its neighbours. An object can be in one chain. */
export interface Link<L> {
  before: L | undefined;
  after: L | undefined;
}

/** A list in the order in which elements were added. An element that has left it knows none of the others. */
export class Chain<L extends Link<L>> implements Iterable<L> {
  #first: L | undefined;
  #last: L | undefined;
  #size = 0;

  /** How many elements there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds one that is not in a chain. */
  add(link: L): void {
    link.before = this.#last;
    if (this.#last) this.#last.after = link;
    else this.#first = link;
    this.#last = link;
    this.#size++;
  }

  /** Removes one that is in this chain. */
  remove(link: L): void {
    const { before, after } = link;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    link.before = link.after = undefined;
    this.#size--;
  }

  /** The element that a walk has reached may be removed, others not before its end. */
  *[Symbol.iterator](): Generator<L, void> {
    for (let link = this.#first; link;) {
      const { after } = link;
      yield link;
      link = after;
    }
  }
}
