/** The settings in effect, each with where it comes from; reload and drain. */

import { get, send } from "./api.js";
import { ask, button, el, field, notice, Table } from "./dom.js";

export const title = "Settings";

/** Opens the view. */
export async function open(main, { can }) {
  const table = new Table({
    caption: "Effective settings",
    empty: "",
    key: ({ name }) => name,
    columns: [
      { label: "Setting", text: ({ name }) => name },
      { label: "Value", path: true, text: ({ value }) => value ?? "not set" },
      { label: "From", text: ({ origin }) => origin },
    ],
  });
  const search = el("input", { type: "search" });
  const { settings } = await get("config");
  const draw = () => table.show(settings.filter(({ name }) => name.includes(search.value.trim().toLowerCase())));
  search.addEventListener("input", draw);
  main.append(
    el(
      "div",
      { class: "tools" },
      field("Search", search),
      can("config") && button("Reload accounts and certificates", reload),
      can("config") && button("Drain and stop", drain, { class: "danger" }),
    ),
    table.element,
  );
  draw();
}

async function reload() {
  await send("POST", "reload");
  notice("Accounts and certificates were read again");
}

async function drain() {
  const done = await ask({
    title: "Stop the server once running transfers have ended?",
    action: "Drain",
    danger: true,
    submit: () => send("POST", "drain"),
  });
  if (done) notice("The server takes no more connections, and stops when it is empty");
}
