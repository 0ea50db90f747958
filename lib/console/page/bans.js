/** Addresses that are shut out. */

import { get, send } from "./api.js";
import { button, el, notice, Table } from "./dom.js";
import * as format from "./format.js";
import { ban } from "./sessions.js";

export const title = "Bans";

/** Opens the view. */
export async function open(main, { can }) {
  const table = new Table({
    caption: "Banned addresses",
    empty: "No address is banned.",
    key: ({ address }) => address,
    columns: [
      { label: "Address", text: ({ address }) => address },
      { label: "Shut out", text: ({ network }) => network },
      { label: "Since", text: ({ since }) => format.time(since) },
      { label: "Until", text: ({ until }) => format.time(until) },
      { label: "Reason", text: ({ reason }) => reason },
      ...(can("sessions")
        ? [{
          label: "Actions",
          make: (ban) =>
            button("Lift", () => lift(ban().address), { "aria-label": `Lift the ban of ${ban().address}` }),
        }]
        : []),
    ],
  });
  async function load() {
    table.show((await get("bans")).bans);
  }
  async function lift(address) {
    await send("DELETE", `bans/${encodeURIComponent(address)}`);
    notice(`${address} may connect again`);
    await load();
  }
  main.append(
    el("div", { class: "tools" }, can("sessions") && button("Ban an address", async () => await ban() && await load())),
    table.element,
  );
  await load();
}
