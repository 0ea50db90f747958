/**
 * Figures from many measurements.
 *
 * @module
 */

/** A measurement at a moment. */
export interface Sample {
  /** Milliseconds. */
  readonly at: number;
  readonly value: number;
}

/** How much the value grows in a minute, by the straight line with the least squares. 0 for fewer than two samples. */
export function slopePerMinute(samples: readonly Sample[]): number {
  const [meanAt, meanValue] = [mean(samples.map(({ at }) => at)), mean(samples.map(({ value }) => value))];
  let [covariance, variance] = [0, 0];
  for (const { at, value } of samples) {
    covariance += (at - meanAt) * (value - meanValue);
    variance += (at - meanAt) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance * 60_000;
}

/** The value below which `share` (0 to 1) of the others are; NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
