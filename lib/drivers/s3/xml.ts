/**
 * The answers of a store, which are XML of a few levels without attributes that matter.
 *
 * @module
 */

/** An element: its text if it has no children, and its children. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const TOKEN = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s>/]+)[^>]*?(\/?)>|([^<]+)/g;
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** No answer has more than five; a deeper one is not from a store. */
const MAX_DEPTH = 16;

interface Open {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

/** The outermost element of `source`; `undefined` if it is not XML, or is cut off. */
export function parseXml(source: string): XmlElement | undefined {
  const top: Open = { name: "", text: "", children: [] };
  const open: Open[] = [top];
  for (const [, data, isEnd, name, isEmpty, text] of source.matchAll(TOKEN)) {
    const current = open.at(-1);
    if (!current || open.length > MAX_DEPTH) return undefined;
    if (name === undefined) current.text += data ?? unescape(text ?? "");
    else if (isEnd) {
      if (current === top || current.name !== localName(name)) return undefined;
      open.pop();
    } else {
      const child: Open = { name: localName(name), text: "", children: [] };
      current.children.push(child);
      if (!isEmpty) open.push(child);
    }
  }
  return open.length === 1 ? top.children[0] : undefined;
}

/** Without the prefix of a namespace. */
function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function unescape(text: string): string {
  return text.replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
    const code = decimal === undefined ? parseInt(hex ?? "", 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The text of the first child called `name`. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  return element?.children.find((child) => child.name === name)?.text;
}

/** The children called `name`. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** `text` as the content of an element. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
