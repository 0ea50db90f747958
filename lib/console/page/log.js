/** Events as they happen. */

import { button, el, field } from "./dom.js";
import * as format from "./format.js";

export const title = "Log";

/** Lines that are kept. */
const MOST = 500;
/** Not shown unless asked for: each command is two of them. */
const FREQUENT = new Set(["command", "reply"]);
const TYPES = [
  ...["sessionOpened", "sessionClosed", "connectionRefused", "addressBanned", "addressAllowed", "login", "refused"],
  ...["dataOpened", "transferStarted", "transfer", "fileChanged", "problem", "notice", "command", "reply"],
];

/** Opens the view. */
export function open(main) {
  const list = el("ol", { class: "log", tabIndex: 0, "aria-label": "Events" });
  const text = el("input", { type: "search", placeholder: "account, address, path …" });
  const types = el(
    "select",
    {},
    el("option", { value: "" }, "all but commands and replies"),
    TYPES.map((value) => el("option", { value }, value)),
  );
  let paused = false;
  const pause = button("Pause", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
  });
  main.append(
    el("div", { class: "tools" }, field("Events", types), field("With the text", text), pause),
    list,
  );
  let source;
  const listen = () => {
    source?.close();
    const wanted = types.value === "" ? TYPES.filter((type) => !FREQUENT.has(type)) : [types.value];
    source = new EventSource(`/api/events?types=${wanted.join(",")}`);
    for (const type of wanted) source.addEventListener(type, ({ data }) => add(JSON.parse(data)));
  };
  const isWanted = (line) => line.textContent.toLowerCase().includes(text.value.trim().toLowerCase());
  const add = (event) => {
    if (paused) return;
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const line = el("li", {}, describe(event));
    line.hidden = !isWanted(line);
    list.append(line);
    while (list.childElementCount > MOST) list.firstElementChild.remove();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  };
  text.addEventListener("input", () => {
    for (const line of list.children) line.hidden = !isWanted(line);
  });
  types.addEventListener("change", listen);
  listen();
  return () => source.close();
}

/** One line: the time, the type, and all facts. */
function describe({ type, time, ...facts }) {
  const said = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `${format.time(time)}  ${type}  ${said.join("  ")}`;
}
