/** Accounts: what each may do, and changes to them. */

import { get, getVersioned, send } from "./api.js";
import { ask, button, el, field, notice, Table } from "./dom.js";
import * as format from "./format.js";
import { makePassword } from "./password.js";

export const title = "Accounts";

const VERBS = ["RETR", "STOR", "APPE", "LIST", "DELE", "RNFR", "RNTO", "MKD", "RMD", "SITE CHMOD"];

/** Opens the view. */
export async function open(main, { about, can }) {
  const mayEdit = can("accounts") && about.accountsReadOnly === undefined;
  const table = new Table({
    caption: "Accounts",
    empty: "There are none.",
    key: ({ name }) => name,
    columns: [
      { label: "Name", text: ({ name }) => name },
      { label: "State", text: state },
      { label: "Root", path: true, text: ({ rootPath }) => rootPath },
      { label: "Permissions", path: true, text: ({ fields: { permissions = "" } }) => words(permissions) },
      { label: "Quota used", number: true, text: quota },
      ...(mayEdit ? [{ label: "Actions", make: (account) => actions(account, load), update: showToggle }] : []),
    ],
  });
  async function load() {
    table.show((await get("accounts?usage=true")).accounts);
  }
  main.append(
    about.accountsReadOnly
      ? el("p", { class: "answer" }, `Accounts cannot be changed here: ${about.accountsReadOnly}`)
      : el("div", { class: "tools" }, mayEdit && button("New account", () => create(load))),
    table.element,
    el("h2", {}, "May they?"),
    mayThey(),
  );
  await load();
}

function state({ state, fields: { validUntil } }) {
  return validUntil && state === "enabled" ? `until ${validUntil}` : state;
}

function quota({ usage, fields: { quota } }) {
  if (usage) return `${format.bytes(usage.bytes)} of ${format.bytes(usage.limit)}`;
  return typeof quota === "number" ? format.bytes(quota) : quota;
}

function words(permissions) {
  return typeof permissions === "string" ? permissions : JSON.stringify(permissions);
}

function actions(account, load) {
  if (account().fixed) return el("span", { class: "soft" }, "set by a flag");
  const named = (label) => ({ "aria-label": `${label} account ${account().name}` });
  return el(
    "span",
    { class: "tools" },
    button("Edit", () => edit(account().name, load), named("Edit")),
    button("Password", () => resetPassword(account().name), named("New password of")),
    button("Disable", () => toggle(account(), load), { class: "toggle" }),
    button("Remove", () => remove(account().name, load), { ...named("Remove"), class: "danger" }),
  );
}

/** One button, for what the account is not. */
function showToggle(cell, { name, state }) {
  const element = cell.querySelector(".toggle");
  if (!element) return;
  const label = state === "disabled" ? "Enable" : "Disable";
  element.textContent = label;
  element.setAttribute("aria-label", `${label} account ${name}`);
  element.classList.toggle("danger", label === "Disable");
}

async function toggle({ name, state }, load) {
  if (state !== "disabled") return await disable(name, load);
  // Said outright: a group of the account may say otherwise.
  await send("PATCH", pathOf(name), { enabled: true });
  notice(`Account ${name} is enabled`);
  await load();
}

async function create(load) {
  const name = el("input", { name: "name", required: true, autocomplete: "off" });
  const root = el("input", { name: "root", required: true, placeholder: "/srv/ftp/name" });
  const permissions = el("input", { name: "permissions", value: "rw", required: true });
  const password = passwordInput();
  let used;
  const made = await ask({
    title: "New account",
    fields: [
      field("Name", name),
      field("Root: a directory of the server", root),
      field("Permissions: rw, ro, add, dropbox, or rights", permissions),
      field("Password (empty: one is made up, and shown once)", password),
    ],
    action: "Create",
    submit: () => {
      used = password.value || makePassword();
      const fields = { name: name.value, root: root.value, permissions: permissions.value, password: used };
      return send("POST", "accounts", fields);
    },
  });
  if (!made) return;
  await load();
  await showPassword(name.value, password.value === "" ? used : undefined);
}

function passwordInput() {
  return el("input", { name: "password", type: "password", autocomplete: "new-password", minLength: 8 });
}

const pathOf = (name) => `accounts/${encodeURIComponent(name)}`;

/** The fields as the accounts file has them, without the password: every one can be set, and taken away. */
async function edit(name, load) {
  const { body: { fields }, version } = await getVersioned(pathOf(name));
  const text = el("textarea", { name: "account", rows: 14, spellcheck: false }, JSON.stringify(fields, null, 2));
  const done = await ask({
    title: `Account ${name}`,
    fields: [field("Fields, as in the accounts file", text)],
    action: "Save",
    submit: () => {
      const removed = Object.fromEntries(Object.keys(fields).map((key) => [key, null]));
      // Somebody else may have changed the file since it was shown: then nothing is saved.
      return send("PATCH", pathOf(name), { ...removed, ...readJson(text.value) }, { "if-match": version });
    },
  });
  if (!done) return;
  notice(`Account ${name} was changed`);
  await load();
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${error.message}`);
  }
}

async function disable(name, load) {
  const done = await ask({
    title: `Disable account ${name}, and end its sessions?`,
    action: "Disable",
    danger: true,
    submit: () => send("PATCH", `${pathOf(name)}?endSessions=true`, { enabled: false }),
  });
  if (!done) return;
  notice(`Account ${name} is disabled`);
  await load();
}

async function remove(name, load) {
  const done = await ask({
    title: `Remove account ${name}, and end its sessions? Its files stay.`,
    action: "Remove",
    danger: true,
    submit: () => send("DELETE", pathOf(name)),
  });
  if (!done) return;
  notice(`Account ${name} was removed`);
  await load();
}

async function resetPassword(name) {
  const password = passwordInput();
  let used;
  const done = await ask({
    title: `New password of ${name}`,
    fields: [field("Password (empty: one is made up, and shown once)", password)],
    action: "Set",
    submit: () => {
      used = password.value || makePassword();
      return send("PATCH", pathOf(name), { password: used });
    },
  });
  if (done) await showPassword(name, password.value === "" ? used : undefined);
}

async function showPassword(name, password) {
  if (password === undefined) return notice(`The password of ${name} is set`);
  const shown = el("input", { value: password, readOnly: true });
  await ask({
    title: `Password of ${name}`,
    fields: [el("p", {}, "It is shown this once."), field("Password", shown)],
    action: "Close",
  });
}

/** Whether an account may do something, and which rule says so. */
function mayThey() {
  const account = el("input", { name: "who", required: true });
  const verb = el("input", { name: "verb", required: true, value: "RETR" });
  verb.setAttribute("list", "verbs");
  const path = el("input", { name: "path", required: true, value: "/" });
  const answer = el("p", { class: "answer", role: "status", hidden: true });
  const form = el(
    "form",
    { class: "line" },
    field("Account", account),
    field("Verb", verb),
    el("datalist", { id: "verbs" }, VERBS.map((value) => el("option", { value }))),
    field("Path", path),
    el("button", { type: "submit" }, "Ask"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    answer.hidden = false;
    try {
      const asked = new URLSearchParams({ account: account.value, verb: verb.value, path: path.value });
      const { allowed, text } = await get(`explain?${asked}`);
      answer.replaceChildren(el("strong", { class: allowed ? "good" : "bad" }, allowed ? "Yes. " : "No. "), text);
    } catch (error) {
      answer.textContent = error.message;
    }
  });
  return el("div", {}, form, answer);
}
