/** The certificates in use, and how long they hold. */

import { get } from "./api.js";
import { el, Table } from "./dom.js";

export const title = "Certificates";

/** Days before the end of a certificate from which on it is shown in red. */
const SOON = 14;

/** Opens the view. */
export async function open(main) {
  const table = new Table({
    caption: "Certificates",
    empty: "The server has none: it speaks no TLS.",
    key: ({ names, notAfter }) => `${names} ${notAfter}`,
    columns: [
      { label: "Names", path: true, text: ({ names }) => names.join(", ") },
      { label: "From", text: ({ notBefore }) => new Date(notBefore).toLocaleDateString() },
      { label: "Until", text: ({ notAfter }) => new Date(notAfter).toLocaleDateString() },
      {
        label: "Days left",
        number: true,
        make: () => el("span", {}),
        update: (place, { daysLeft }) => {
          place.textContent = daysLeft;
          place.className = daysLeft < SOON ? "bad" : "good";
        },
      },
    ],
  });
  main.append(table.element);
  table.show((await get("certificates")).certificates);
}
