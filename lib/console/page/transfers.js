/** What moves, how fast, and how it ended. */

import { get } from "./api.js";
import { el, field, Table } from "./dom.js";
import * as format from "./format.js";

export const title = "Transfers";

/** Samples of a transfer from which its rate is taken. */
const SAMPLES = 5;

/** Opens the view. */
export async function open(main, { live }) {
  const rates = new Map();
  const running = new Table({
    caption: "Running",
    empty: "Nothing moves.",
    key: ({ session }) => session,
    columns: [
      { label: "Account", text: ({ user }) => user },
      { label: "Address", text: ({ address }) => address },
      { label: "Verb", text: ({ verb }) => verb },
      { label: "Path", path: true, text: ({ path }) => path },
      { label: "Moved", number: true, text: ({ bytes }) => format.bytes(bytes) },
      {
        label: "Done",
        make: (transfer) => el("progress", { max: 1, "aria-label": `Progress of ${transfer().path}` }),
        update: showShare,
      },
      { label: "Rate", number: true, text: (transfer) => format.rate(rateOf(rates, transfer)) },
      { label: "Left", number: true, text: (transfer) => left(transfer, rateOf(rates, transfer)) },
    ],
  });
  const recent = new Table({
    caption: "Ended",
    empty: "None has ended since the server was started.",
    key: ({ session, time, path }) => `${session} ${time} ${path}`,
    columns: [
      { label: "Time", text: ({ time }) => format.time(time) },
      { label: "Account", text: ({ user }) => user },
      { label: "Verb", text: ({ verb }) => verb },
      { label: "Path", path: true, text: ({ path }) => path },
      { label: "Moved", number: true, text: ({ bytes }) => format.bytes(bytes) },
      { label: "Took", number: true, text: ({ milliseconds }) => format.duration(milliseconds) },
      { label: "Outcome", text: outcomeOf },
    ],
  });
  const outcome = el("select", {}, el("option", { value: "" }, "any"));
  main.append(
    running.element,
    el("div", { class: "tools" }, field("Outcome", outcome)),
    recent.element,
  );
  let ended = [];
  const drawEnded = () =>
    recent.show(ended.filter((each) => outcome.value === "" || outcomeOf(each) === outcome.value));
  const load = async () => {
    ended = (await get("transfers/ended")).transfers;
    const known = new Set(Array.from(outcome.options, ({ value }) => value));
    for (const name of new Set(ended.map(outcomeOf))) {
      if (!known.has(name)) outcome.append(el("option", { value: name }, name));
    }
    drawEnded();
  };
  outcome.addEventListener("change", drawEnded);
  let before = "";
  const unfollow = live.follow(({ running: transfers }) => {
    sample(rates, transfers);
    running.show(transfers);
    const now = transfers.map(({ session }) => session).join();
    if (now !== before) load().catch(() => {});
    before = now;
  });
  await load();
  return unfollow;
}

function outcomeOf({ reason }) {
  return reason === "none" ? "complete" : reason;
}

/** Keeps the last samples of each transfer that runs. */
function sample(rates, transfers) {
  const running = new Set(transfers.map(({ session }) => session));
  for (const session of rates.keys()) if (!running.has(session)) rates.delete(session);
  for (const { session, path, bytes, milliseconds } of transfers) {
    const old = rates.get(session);
    const samples = old?.path === path ? old.samples : [];
    samples.push({ bytes, milliseconds });
    if (samples.length > SAMPLES) samples.shift();
    rates.set(session, { path, samples });
  }
}

/** Bytes per second over the last samples. */
function rateOf(rates, { session, rate }) {
  const samples = rates.get(session)?.samples ?? [];
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.milliseconds <= first.milliseconds) return rate;
  return ((last.bytes - first.bytes) / (last.milliseconds - first.milliseconds)) * 1000;
}

function left({ size, bytes }, perSecond) {
  if (size === undefined) return "";
  return perSecond > 0 ? format.duration(((size - bytes) / perSecond) * 1000) : "stalled";
}

function showShare(bar, { size, bytes }) {
  if (size > 0) bar.value = Math.min(bytes / size, 1);
  else bar.removeAttribute("value");
}
