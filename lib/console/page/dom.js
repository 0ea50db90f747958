/**
 * Elements without a framework. Text is always text: nothing here turns a string into markup, so that a file name
 * cannot become a script.
 */

/**
 * Makes an element. Properties that begin with `on` are listeners, `class` and names with a hyphen are attributes, all
 * else is set on the element.
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

/** A button that is disabled while `act` runs, and reports its failure. */
export function button(label, act, properties = {}) {
  const element = el("button", { type: "button", ...properties }, label);
  element.addEventListener("click", async () => {
    element.disabled = true;
    try {
      await act();
    } catch (error) {
      notice(error.message, "bad");
    } finally {
      element.disabled = false;
    }
  });
  return element;
}

/** A labelled control. */
export function field(label, control) {
  return el("label", {}, label, control);
}

/** Says something that passes, where a screen reader hears it. */
export function notice(text, kind = "good") {
  const line = el("p", { class: kind }, text);
  document.getElementById("notices").append(line);
  setTimeout(() => line.remove(), 8000);
}

/** Asks in a dialogue; resolves to the values of its form, or to `undefined` when it was left. */
export function ask({ title, fields = [], action, danger = false, submit = (values) => Promise.resolve(values) }) {
  const { promise, resolve } = Promise.withResolvers();
  const problem = el("p", { class: "bad", role: "alert", hidden: true });
  const confirm = el("button", { type: "submit", class: danger ? "danger" : "" }, action);
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "question" }, title),
    fields,
    problem,
    el("div", { class: "buttons" }, el("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), confirm),
  );
  let answer;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    confirm.disabled = true;
    try {
      answer = await submit(new FormData(form)) ?? true;
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      confirm.disabled = false;
    }
  });
  const dialog = el("dialog", { "aria-labelledby": "question" }, form);
  dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(answer);
  });
  document.body.append(dialog);
  dialog.showModal();
  return promise;
}

/**
 * A table whose rows keep their elements from one {@link Table.show} to the next, so that the focus and a selection
 * survive while the numbers in it change.
 */
export class Table {
  #columns;
  #key;
  #body = el("tbody", { role: "rowgroup" });
  #caption;
  #rows = new Map();
  #empty;
  element;

  /**
   * @param columns each `{ label, text }` for text, or `{ label, make, update }` for an element; `number` aligns right.
   * @param key what tells a row from the others.
   */
  constructor({ caption, columns, key, empty }) {
    this.#columns = columns;
    this.#key = key;
    this.#caption = el("caption", {}, caption);
    this.#empty = el("p", { class: "soft" }, empty);
    const heads = columns.map(({ label, number }) =>
      el("th", { scope: "col", role: "columnheader", class: number ? "number" : "" }, label)
    );
    // The roles are said again, as a table shown as cards on a phone loses them.
    const table = el(
      "table",
      { class: "cards", role: "table" },
      this.#caption,
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)),
      this.#body,
    );
    this.element = el("div", { class: "wide", tabIndex: 0, role: "group", "aria-label": caption }, table, this.#empty);
  }

  /** Shows these items, in this order. */
  show(items) {
    const old = this.#rows;
    this.#rows = new Map();
    for (const item of items) {
      const key = this.#key(item);
      const row = old.get(key) ?? this.#makeRow(item);
      old.delete(key);
      this.#rows.set(key, row);
      row.update(item);
    }
    for (const { element } of old.values()) element.remove();
    let before = this.#body.firstChild;
    for (const { element } of this.#rows.values()) {
      if (element === before) before = before.nextSibling;
      else this.#body.insertBefore(element, before);
    }
    this.#empty.hidden = items.length > 0;
  }

  #makeRow(first) {
    let item = first;
    const cells = this.#columns.map((column) => {
      const classes = [column.number && "number", column.path && "path"].filter(Boolean).join(" ");
      const cell = el("td", { role: "cell", class: classes, "data-label": column.label });
      if (column.make) cell.append(column.make(() => item));
      return { cell, column };
    });
    const element = el("tr", { role: "row" }, cells.map(({ cell }) => cell));
    const update = (next) => {
      item = next;
      for (const { cell, column } of cells) {
        if (column.text) {
          const text = column.text(next) ?? "";
          if (cell.textContent !== text) cell.textContent = text;
        } else column.update?.(cell.firstChild, next);
      }
    };
    return { element, update };
  }
}
