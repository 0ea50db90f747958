/**
 * The kinds of values of settings: how each is parsed from text, and its schema in the configuration file.
 *
 * @module
 */

import { parsePortRange, type PortRange } from "../../data/port_range.ts";
import { familyOf, isUnspecified, parseNetwork } from "../../net/ip.ts";
import type { TlsVersion } from "../../tls/route.ts";
import { messageOf } from "../../net/message_of.ts";
import { Zone } from "../../protocol/zone.ts";
import { UsageError } from "../usage_error.ts";

/** The schema by which an editor checks a field of the configuration file (JSON Schema 2020-12). */
export type FieldSchema = Readonly<Record<string, unknown>>;

/**
 * One kind of value. It arrives as text from flags and environment, and is parsed by `parse`, which throws an `Error`
 * that describes valid values; `format` writes it as text again.
 */
export interface Kind<T> {
  readonly parse: (text: string) => T;
  readonly format: (value: T) => string;
  readonly schema: FieldSchema;
}

/**
 * The value of `text`.
 *
 * @throws {UsageError} beginning with `source`, which names where the text comes from.
 */
export function parseFrom<T>(source: string, text: string, { parse }: Pick<Kind<T>, "parse">): T {
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${source} ${messageOf(error)}, not "${text}"`);
  }
}

function nonEmpty(given: string): string {
  if (given === "") throw new Error("must not be empty");
  return given;
}

/** Any non-empty text. */
export const text: Kind<string> = { parse: nonEmpty, format: String, schema: { type: "string", minLength: 1 } };

/** A whole number; both bounds are inclusive. */
export function whole(least: number, most: number): Kind<number> {
  return {
    parse: (given) => {
      const value = /^\d{1,15}$/.test(given) ? Number(given) : NaN;
      if (!(value >= least && value <= most)) throw new Error(`must be a whole number from ${least} to ${most}`);
      return value;
    },
    format: String,
    schema: { type: "integer", minimum: least, maximum: most },
  };
}

/** The number of a TCP port; 0 for any free one. */
export const portNumber: Kind<number> = whole(0, 65535);

/** A time given in whole seconds, as milliseconds. */
export function seconds(least: number, most: number): Kind<number> {
  const number = whole(least, most);
  return { ...number, parse: (given) => number.parse(given) * 1000, format: (value) => String(value / 1000) };
}

/** A version of TLS, given as `1.2`. */
export const tlsVersion: Kind<TlsVersion> = {
  parse: (given) => `TLSv${oneOf("1.2", "1.3").parse(given)}`,
  format: (value) => value.slice("TLSv".length),
  schema: oneOf("1.2", "1.3").schema,
};

/** {@link whole}, or a word for a number that is determined later. */
export function wholeOr<const T extends string>(word: T, least: number, most: number): Kind<number | T> {
  const number = whole(least, most);
  return {
    parse: (given) => {
      if (given === word) return word;
      if (/^\d+$/.test(given)) return number.parse(given);
      throw new Error(`must be ${word}, or a whole number from ${least} to ${most}`);
    },
    format: String,
    schema: { anyOf: [number.schema, { const: word }] },
  };
}

/** One of a few words. */
export function oneOf<const T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    parse: (given) => {
      const found = choices.find((choice) => choice === given);
      if (found === undefined) throw new Error(`must be ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`);
      return found;
    },
    format: String,
    schema: { enum: choices },
  };
}

/** A switch: given as a flag, it is `true`. */
export const onOff: Kind<boolean> = {
  parse: (given) => oneOf("true", "false").parse(given) === "true",
  format: String,
  schema: { type: "boolean" },
};

/** `on` or `off`, where a switch would not do: `on` is the default. */
export const onOrOff: Kind<boolean> = {
  parse: (given) => oneOf("on", "off").parse(given) === "on",
  format: (value) => value ? "on" : "off",
  schema: oneOf("on", "off").schema,
};

/** An IPv4 or IPv6 address. */
export const ipAddress: Kind<string> = {
  parse: (given) => {
    if (familyOf(given) === undefined) throw new Error("must be an IP address");
    return given;
  },
  format: String,
  schema: { type: "string", anyOf: [{ format: "ipv4" }, { format: "ipv6" }] },
};

/** An IPv4 address or a host name, for 227 replies. */
export const publicAddress: Kind<string> = {
  parse: (given) => {
    if (familyOf(given) === 6) throw new Error("must be an IPv4 address or a name: PASV cannot carry an IPv6 address");
    if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(given)) throw new Error("must be an IPv4 address or a name");
    if (isUnspecified(given)) throw new Error("must be an address that clients can reach");
    return given;
  },
  format: String,
  schema: { type: "string", pattern: "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$" },
};

/** `30000-30100`, or a single port. */
export const portRange: Kind<PortRange> = {
  parse: (given) => {
    if (!/^\d{1,5}(-\d{1,5})?$/.test(given)) throw new Error('must look like "30000-30100"');
    try {
      return parsePortRange(given);
    } catch {
      throw new Error("must be an ascending range within 1 to 65535");
    }
  },
  format: ({ first, last }) => `${first}-${last}`,
  schema: { type: ["string", "integer"], pattern: "^[0-9]{1,5}(-[0-9]{1,5})?$" },
};

/** An IANA time zone that the runtime knows. */
export const timeZone: Kind<string> = {
  parse: (given) => {
    try {
      new Zone(given);
      return given;
    } catch {
      throw new Error("must be an IANA time zone such as Europe/Berlin");
    }
  },
  format: String,
  schema: { type: "string", minLength: 1 },
};

/** Names of files separated by commas. */
export const fileList: Kind<readonly string[]> = {
  parse: (given) => given.split(",").map(nonEmpty),
  format: String,
  schema: { type: "string", minLength: 1 },
};

/** Names of hosts for HOST (RFC 7151 section 3.1), separated by commas. */
export const hostNameList: Kind<readonly string[]> = {
  parse: (given) => {
    const names = given.split(",");
    if (!names.every((name) => /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i.test(name))) {
      throw new Error("must be names such as ftp.example.org,ftp.example.net");
    }
    return names;
  },
  format: String,
  schema: { type: "string", minLength: 1 },
};

/** Networks such as `192.0.2.0/24` separated by commas, or `none`. */
export const networkList: Kind<readonly string[]> = {
  parse: (given) => {
    const networks = given === "none" ? [] : given.split(",");
    const wrong = networks.find((network) => parseNetwork(network) === undefined);
    if (wrong !== undefined) throw new Error("must be networks such as 192.0.2.0/24,2001:db8::/32, or none");
    return networks;
  },
  format: String,
  schema: { type: "string", minLength: 1 },
};
