/** What other systems have not taken of the events, and sending it once more. */

import { get, send } from "./api.js";
import { ask, button, el, notice, Table } from "./dom.js";
import * as format from "./format.js";

export const title = "Webhooks";

/** Milliseconds between two looks, while the page is visible. */
const INTERVAL = 5000;

/** Opens the view. */
export async function open(main, { can }) {
  const services = new Table({
    caption: "Services",
    empty: "No events are posted anywhere: see --webhook.",
    // Two may differ only in the part of the URL that is not shown.
    key: ({ index }) => index,
    columns: [
      { label: "URL", path: true, text: ({ endpoint }) => endpoint },
      { label: "Waiting", number: true, text: ({ waiting }) => format.count(waiting) },
      { label: "Dead letters", number: true, text: ({ dead }) => format.count(dead) },
    ],
  });
  const letters = new Table({
    caption: "Dead letters",
    empty: "There are none.",
    key: ({ seq }) => seq,
    columns: [
      { label: "Time", text: ({ event }) => format.time(Date.parse(event.time)) },
      { label: "Event", text: ({ event }) => event.type },
      { label: "Account", text: (letter) => fieldsOf(letter).user ?? fieldsOf(letter).name },
      { label: "About", path: true, text: about },
      { label: "URL", path: true, text: ({ endpoint }) => endpoint },
      { label: "Attempts", number: true, text: ({ attempts }) => format.count(attempts) },
      { label: "Why", text: ({ error }) => error },
      ...(can("config")
        ? [{
          label: "Actions",
          make: (letter) =>
            button("Send again", () => replay([letter().id]), { "aria-label": `Send event ${letter().id} again` }),
        }]
        : []),
    ],
  });
  const all = can("config") && button("Send all again", replayAll, { hidden: true });
  async function load() {
    const { webhooks, deadLetters } = await get("webhooks");
    services.show(webhooks.map((each, index) => ({ ...each, index })));
    letters.show(deadLetters);
    if (all) all.hidden = deadLetters.length === 0;
  }
  async function replay(ids) {
    const { replayed } = await send("POST", "webhooks/replay", { ids });
    notice(`${format.count(replayed)} ${replayed === 1 ? "event is" : "events are"} sent once more`);
    await load();
  }
  async function replayAll() {
    await ask({ title: "Send every dead letter once more?", action: "Send", submit: () => replay() });
  }
  main.append(services.element, el("div", { class: "tools" }, all), letters.element);
  await load();
  const timer = setInterval(() => document.hidden || load().catch(() => {}), INTERVAL);
  return () => clearInterval(timer);
}

/** Those of the event; a CloudEvent has them as its data. */
function fieldsOf({ event }) {
  return event.data ?? event;
}

function about(letter) {
  const { path, message, address } = fieldsOf(letter);
  return path ?? message ?? address;
}
