/** The state of the server at a glance. */

import { get } from "./api.js";
import { el, field } from "./dom.js";
import * as format from "./format.js";
import { Plot } from "./plot.js";

export const title = "Overview";

/** Plots: the series of the history in each, and how their values read. */
const PLOTS = [
  {
    title: "Bytes per second",
    least: 1024,
    series: [["sent", "sent", format.rate], ["received", "received", format.rate]],
  },
  {
    title: "Sessions and transfers",
    least: 4,
    series: [["sessions", "sessions", whole], ["transfers", "transfers", whole]],
  },
  { title: "Logins per minute", least: 4, series: [["logins", "logins", tenths], ["failedLogins", "refused", tenths]] },
  { title: "Event-loop lag", least: 4, series: [["lag", "late by", (value) => `${value.toFixed(1)} ms`]] },
];

const TILES = [
  ["Sessions", ({ sessions }) => format.count(sessions)],
  ["Transfers", ({ transfers }) => format.count(transfers)],
  ["Sent", ({ totals }) => format.bytes(totals.sent)],
  ["Received", ({ totals }) => format.bytes(totals.received)],
  ["Logins", ({ totals }) => format.count(totals.logins)],
  ["Refused logins", ({ totals }) => format.count(totals.failedLogins)],
  ["Event-loop lag", ({ lag }) => `${lag.toFixed(1)} ms`],
];

/** Opens the view. */
export async function open(main, { live }) {
  const values = TILES.map(() => el("dd", {}, "–"));
  const plots = PLOTS.map(({ title, least, series }) => ({
    keys: series.map(([key]) => key),
    plot: new Plot({ title, least, series: series.map(([, label, format]) => ({ label, format })) }),
  }));
  const span = el(
    "select",
    {},
    el("option", { value: "fine" }, "15 minutes"),
    el("option", { value: "coarse" }, "24 hours"),
  );
  main.append(
    el("dl", { class: "tiles" }, TILES.map(([name], index) => el("div", {}, el("dt", {}, name), values[index]))),
    el("div", { class: "tools" }, field("Plots of the last", span)),
    el("div", { class: "plots" }, plots.map(({ plot }) => plot.element)),
  );
  const draw = async () => {
    const history = await get(`history?span=${span.value}`);
    for (const { keys, plot } of plots) plot.show(history.times, keys.map((key) => history[key]));
  };
  span.addEventListener("change", draw);
  let seen = 0;
  const unfollow = live.follow((snapshot) => {
    for (const [index, [, text]] of TILES.entries()) values[index].textContent = text(snapshot);
    // As often as the finest history has a new point.
    if (seen++ % 5 === 4) draw().catch(() => {});
  });
  await draw();
  return () => {
    unfollow();
    for (const { plot } of plots) plot.close();
  };
}

function whole(value) {
  return Number.isInteger(value) ? format.count(value) : "";
}

function tenths(value) {
  return value.toFixed(value < 10 ? 1 : 0);
}
