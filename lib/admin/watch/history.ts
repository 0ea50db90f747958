/**
 * The recent past of a server, for plots: in coarse steps always, in fine ones only for as long as somebody looks.
 *
 * @module
 */

import type { Sample } from "./samples.ts";

/** The values of a plot, one of each for a moment. */
export interface Series {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly sessions: readonly number[];
  readonly transfers: readonly number[];
  /** Bytes per second to clients. */
  readonly sent: readonly number[];
  /** Bytes per second from clients. */
  readonly received: readonly number[];
  /** Logins per minute. */
  readonly logins: readonly number[];
  /** Refused logins per minute. */
  readonly failedLogins: readonly number[];
  /** Milliseconds that a turn of the event loop was late. */
  readonly lag: readonly number[];
}

/** Milliseconds between two coarse samples. */
export const COARSE_STEP = 60_000;
/** Milliseconds that are kept in coarse steps. */
const COARSE_SPAN = 24 * 60 * 60_000;
/** Milliseconds between two fine samples, at least. */
const FINE_STEP = 5_000;
/** Milliseconds that are kept in fine steps. */
const FINE_SPAN = 15 * 60_000;
/** Neighbours of fewer milliseconds say nothing about a rate. */
const SHORTEST = 100;

/** Samples of the last 24 hours: some 1,600 of them, 150 KiB. */
export class History {
  readonly #coarse: Sample[] = [];
  readonly #fine: Sample[] = [];

  /** Keeps a coarse sample, to be taken every {@link COARSE_STEP}. */
  addCoarse(sample: Sample): void {
    add(this.#coarse, sample, COARSE_SPAN);
  }

  /** Offers a fine sample, which is kept unless it comes too soon after the last one. */
  addFine(sample: Sample): void {
    const last = this.#fine.at(-1);
    if (!last || sample.time - last.time >= FINE_STEP) add(this.#fine, sample, FINE_SPAN);
  }

  /** The last 15 minutes: in fine steps since somebody has looked, in coarse ones before. */
  get fine(): Series {
    const since = (this.#fine.at(-1)?.time ?? this.#coarse.at(-1)?.time ?? 0) - FINE_SPAN;
    const all = [...this.#coarse, ...this.#fine].filter(({ time }) => time >= since);
    return seriesOf(all.toSorted((one, other) => one.time - other.time));
  }

  /** The last 24 hours. */
  get coarse(): Series {
    return seriesOf(this.#coarse);
  }
}

function add(samples: Sample[], sample: Sample, span: number): void {
  samples.push(sample);
  while ((samples[0]?.time ?? Infinity) < sample.time - span) samples.shift();
}

/** Rates are those between a sample and the one before it, which is why the first has none. */
function seriesOf(samples: readonly Sample[]): Series {
  const points = samples.flatMap((sample, index) => {
    const before = samples[index - 1];
    const milliseconds = before ? sample.time - before.time : 0;
    if (!before || milliseconds < SHORTEST) return [];
    const per = (name: keyof Sample["totals"], unit: number) =>
      Math.max(0, sample.totals[name] - before.totals[name]) / (milliseconds / unit);
    return [{
      time: Math.round(sample.time / 1000),
      sample,
      sent: per("sent", 1000),
      received: per("received", 1000),
      logins: per("logins", 60_000),
      failedLogins: per("failedLogins", 60_000),
    }];
  });
  return {
    times: points.map(({ time }) => time),
    sessions: points.map(({ sample }) => sample.sessions),
    transfers: points.map(({ sample }) => sample.transfers),
    sent: points.map(({ sent }) => sent),
    received: points.map(({ received }) => received),
    logins: points.map(({ logins }) => logins),
    failedLogins: points.map(({ failedLogins }) => failedLogins),
    lag: points.map(({ sample }) => sample.lag),
  };
}
