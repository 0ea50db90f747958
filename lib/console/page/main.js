/** The frame of the console: who we are, which view is shown, and what it is shown in. */

import { get, send, whenStranger } from "./api.js";
import { button, el, field } from "./dom.js";
import { Live } from "./live.js";
import * as accounts from "./accounts.js";
import * as bans from "./bans.js";
import * as certificates from "./certificates.js";
import * as log from "./log.js";
import * as overview from "./overview.js";
import * as sessions from "./sessions.js";
import * as settings from "./settings.js";
import * as transfers from "./transfers.js";
import * as webhooks from "./webhooks.js";

/** The views by the word after `#`. Each opens itself in an element, and gives what closes it. */
const VIEWS = { overview, sessions, transfers, accounts, bans, certificates, webhooks, settings, log };

const main = document.getElementById("main");
const live = new Live(document.getElementById("connection"));
/** What the server says of itself and of us: see GET /api/about. */
let about;
let close = () => {};

/** Shows the view of the address. */
async function show() {
  close();
  close = () => {};
  const name = location.hash.slice(1).split("/")[0];
  const view = VIEWS[name] ?? overview;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${Object.keys(VIEWS).find((key) => VIEWS[key] === view)}`) {
      link.setAttribute("aria-current", "page");
    } else link.removeAttribute("aria-current");
  }
  document.title = `${view.title} · denoftpd`;
  main.replaceChildren(el("h1", {}, view.title));
  main.focus();
  try {
    close = await view.open(main, { live, about, can: (role) => about.caller.roles.includes(role) }) ?? (() => {});
  } catch (error) {
    main.append(el("p", { class: "bad", role: "alert" }, error.message));
  }
}

function showLogin() {
  about = undefined;
  close();
  close = () => {};
  live.stop();
  document.getElementById("nav").replaceChildren();
  document.getElementById("logout").hidden = true;
  document.getElementById("who").textContent = "";
  const problem = el("p", { class: "bad", role: "alert" });
  const token = el("input", { name: "token", type: "password", autocomplete: "off" });
  const name = el("input", { name: "name", autocomplete: "username" });
  const password = el("input", { name: "password", type: "password", autocomplete: "current-password" });
  const code = el("input", { name: "code", inputMode: "numeric", autocomplete: "one-time-code", size: 8 });
  const form = el(
    "form",
    { class: "login" },
    el("h1", {}, "Log in"),
    el("p", { class: "soft" }, "With the token of this server: it is in the file that the log names. Or with a name."),
    field("Token", token),
    field("Name", name),
    field("Password", password),
    field("Code, where one is asked for", code),
    problem,
    el("button", { type: "submit" }, "Log in"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await logIn({ token: token.value.trim(), name: name.value, password: password.value, code: code.value.trim() });
      await begin();
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  document.title = "Log in · denoftpd";
  main.replaceChildren(form);
  token.focus();
}

/** A token is shown as every caller of the API shows it; it becomes a cookie. */
function logIn({ token, code, ...person }) {
  if (token !== "") return send("POST", "login", undefined, { authorization: `Bearer ${token}` });
  return send("POST", "login", { ...person, ...(code !== "" && { code }) });
}

async function begin() {
  about = await get("about");
  const links = Object.entries(VIEWS).map(([name, { title }]) => el("li", {}, el("a", { href: `#${name}` }, title)));
  document.getElementById("nav").replaceChildren(el("ul", {}, links));
  document.getElementById("who").textContent = about.caller.name;
  document.getElementById("server").textContent = `${about.version} at ${about.address}`;
  document.getElementById("logout").hidden = false;
  live.start();
  await show();
}

document.getElementById("logout").replaceWith(
  button("Log out", async () => {
    await send("POST", "logout");
    showLogin();
  }, { id: "logout", hidden: true }),
);
whenStranger(showLogin);
addEventListener("hashchange", () => about && show());
begin().catch((error) => error.status === 401 || main.replaceChildren(el("p", { class: "bad" }, error.message)));
