/** Who is on, what they do now, and how to end it. */

import { send } from "./api.js";
import { ask, button, el, field, notice, Table } from "./dom.js";
import * as format from "./format.js";

export const title = "Sessions";

/** Rows that are shown at most: more are not read, but searched. */
const MOST_ROWS = 200;
/** Commands and replies that are shown of one session. */
const MOST_COMMANDS = 50;

/** Opens the view. */
export function open(main, { live, can }) {
  const search = el("input", { type: "search", placeholder: "account, address, path …" });
  const table = new Table({
    caption: "Live sessions",
    empty: "Nobody is connected.",
    key: ({ id }) => id,
    columns: [
      { label: "Session", text: ({ id }) => id },
      { label: "Account", text: ({ user }) => user ?? "not logged in" },
      { label: "Address", text: ({ address }) => address },
      { label: "TLS", text: ({ secure }) => secure ? "yes" : "no" },
      { label: "Since", text: ({ since }) => format.time(since) },
      { label: "Now", path: true, text: doing },
      { label: "Actions", make: (session) => actions(session, can) },
    ],
  });
  const more = el("p", { class: "soft", role: "status" });
  main.append(el("div", { class: "tools" }, field("Search", search)), table.element, more);
  // The server searches: a page of ten thousand sessions would be of use to no one.
  search.addEventListener("input", () => live.search(search.value.trim()));
  const unfollow = live.follow(({ live: sessions, found }) => {
    table.show(sessions.slice(0, MOST_ROWS));
    const rest = found > MOST_ROWS ? `${found - MOST_ROWS} more: search for the one that you want.` : "";
    if (more.textContent !== rest) more.textContent = rest;
  });
  return () => {
    unfollow();
    live.search("");
  };
}

/** What a session does, in words. */
function doing({ transfer, lastCommand }) {
  if (!transfer) return lastCommand || "connected";
  const share = transfer.size ? `, ${Math.floor((transfer.bytes / transfer.size) * 100)} %` : "";
  return `${transfer.verb} ${transfer.path}: ${format.bytes(transfer.bytes)}${share}`;
}

function actions(session, can) {
  const named = (label) => ({ "aria-label": `${label} session ${session().id}` });
  return el(
    "span",
    { class: "tools" },
    button("Commands", () => showCommands(session()), named("Commands of")),
    can("sessions") && button("Kick", () => kick(session()), { ...named("Kick"), class: "danger" }),
    can("sessions") && button("Ban", () => ban(session().address), {
      "aria-label": `Ban ${session().address}`,
      class: "danger",
    }),
  );
}

/** The last command, and those that follow while the dialogue is open. */
async function showCommands({ id, lastCommand }) {
  const list = el("ol", { class: "log" }, lastCommand !== "" && el("li", {}, lastCommand));
  const source = new EventSource(`/api/events?types=command,reply&session=${encodeURIComponent(id)}`);
  const add = ({ data }) => {
    const { time, message } = JSON.parse(data);
    list.append(el("li", {}, `${format.time(time)}  ${message}`));
    while (list.childElementCount > MOST_COMMANDS) list.firstElementChild.remove();
  };
  source.addEventListener("command", add);
  source.addEventListener("reply", add);
  await ask({ title: `Commands of session ${id}`, fields: [list], action: "Close" });
  source.close();
}

async function kick({ id, user, address }) {
  const text = el("input", { name: "text", placeholder: "Disconnected by an administrator" });
  const done = await ask({
    title: `End session ${id} of ${user ?? "nobody yet"} from ${address}?`,
    fields: [field("Text of the 421", text)],
    action: "Kick",
    danger: true,
    submit: () => send("DELETE", `sessions/${encodeURIComponent(id)}${query(text.value)}`),
  });
  if (done) notice(`Session ${id} was ended`);
}

function query(text) {
  return text === "" ? "" : `?text=${encodeURIComponent(text)}`;
}

/** Asks for how long, and bans an address; its sessions end. */
export async function ban(address = "") {
  const whom = el("input", { name: "address", value: address, required: true });
  const minutes = el("input", { name: "minutes", type: "number", min: 1, value: 60, required: true });
  const reason = el("input", { name: "reason" });
  const done = await ask({
    title: "Ban an address",
    fields: [field("Address", whom), field("Minutes", minutes), field("Reason", reason)],
    action: "Ban",
    danger: true,
    submit: () =>
      send("POST", "bans", {
        address: whom.value.trim(),
        seconds: Number(minutes.value) * 60,
        ...(reason.value !== "" && { reason: reason.value }),
      }),
  });
  if (done) notice(`${whom.value} is banned`);
  return done;
}
