/** Plots over time, by uPlot, which the page loads before its modules. */

import { el } from "./dom.js";

const HEIGHT = 180;

/** A plot of some series over time, with its last values in words for those who cannot see it. */
export class Plot {
  #plot;
  #series;
  #least;
  #summary = el("p", { class: "soft" });
  #area = el("div", { "aria-hidden": "true" });
  #sizes = new ResizeObserver(() => this.#fit());
  element;

  /**
   * @param series each `{ label, format }`.
   * @param least the end of the scale while all values are smaller.
   */
  constructor({ title, series, least }) {
    this.#series = series;
    this.#least = least;
    this.element = el("figure", {}, el("figcaption", {}, title), this.#area, this.#summary);
  }

  /** Shows values: seconds since 1970, and as many of each series. */
  show(times, values) {
    const data = [times, ...values];
    if (this.#plot) this.#plot.setData(data);
    else this.#make(data);
    const last = values.map((each, index) =>
      `${this.#series[index].label} ${this.#series[index].format(each.at(-1) ?? 0)}`
    );
    this.#summary.textContent = `Now: ${last.join(", ")}`;
  }

  /** Ends it. */
  close() {
    this.#sizes.disconnect();
    this.#plot?.destroy();
  }

  #make(data) {
    const inks = ["--accent", "--good"].map((name) => colourOf(this.#area, name));
    const axis = { stroke: colourOf(this.#area, "--soft"), grid: { stroke: colourOf(this.#area, "--line"), width: 1 } };
    const [{ format }] = this.#series;
    this.#plot = new globalThis.uPlot(
      {
        width: Math.max(this.#area.clientWidth, 200),
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(high, this.#least) * 1.05] } },
        series: [
          {},
          ...this.#series.map(({ label }, index) => ({
            label,
            stroke: inks[index],
            width: 1.5,
          })),
        ],
        axes: [{ ...axis, values: clock }, { ...axis, size: 80, values: (_plot, ticks) => ticks.map(format) }],
      },
      data,
      this.#area,
    );
    this.#sizes.observe(this.#area);
  }

  #fit() {
    const width = this.#area.clientWidth;
    if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }
}

/** The hours of the place where the page is read; seconds only where minutes would not tell the ticks apart. */
function clock(_plot, seconds) {
  const isShort = seconds.at(-1) - seconds[0] < 10 * 60;
  const style = { hour: "2-digit", minute: "2-digit", hour12: false, ...(isShort && { second: "2-digit" }) };
  return seconds.map((each) => new Date(each * 1000).toLocaleTimeString([], style));
}

/** A canvas knows no `light-dark()`: a colour is asked of an element that has it. */
function colourOf(place, name) {
  const probe = el("span", {});
  probe.style.color = `var(${name})`;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
