/**
 * The kinds of values of settings, as schemas: what the configuration file may have, what it becomes, and the message
 * about anything else. `docs/config.schema.json` is made from the same schemas.
 *
 * @module
 */

import * as v from "valibot";
import { formatAmount, parseAmount } from "../../auth/amount.ts";
import { parsePortRange, type PortRange } from "../../data/port_range.ts";
import { familyOf, isUnspecified, parseNetwork } from "../../net/ip.ts";
import { endpointUrl } from "../../drivers/s3/place.ts";
import { withoutPassword } from "../../net/without_password.ts";
import { Zone } from "../../protocol/zone.ts";
import type { TlsVersion } from "../../tls/route.ts";
import { switchWord } from "../flags.ts";
import { UsageError } from "../usage_error.ts";

/** One kind of value. */
export interface Kind<T> {
  /** From the value in the configuration file; its messages complete the sentence "The value …". */
  readonly schema: v.GenericSchema<unknown, T>;
  /** From text, as flags and variables have it, to what `schema` takes. */
  readonly fromText: (text: string) => unknown;
  /** As text again. */
  readonly format: (value: T) => string;
  /** Whether the file may have an object or a list; as text it is JSON. */
  readonly structured?: boolean;
  /** Whether the flag may be given more than once: the text then has all of its values, with a space between them. */
  readonly repeats?: boolean;
  /** The text for which a flag stands that is given without a value; absent if it needs one. */
  readonly bare?: string;
}

/**
 * The value of `text`.
 *
 * @throws {UsageError} beginning with `source`, which names where the text comes from.
 */
export function parseFrom<T>(source: string, text: string, { schema, fromText }: Omit<Kind<T>, "format">): T {
  const { success, output, issues } = v.safeParse(schema, fromText(text));
  if (success) return output;
  throw new UsageError(`${source} ${issues[0].message}, not "${withoutPassword(text)}"`);
}

/** A kind that is text in the file, too. */
export function textual<T>(schema: v.GenericSchema<string, T>, format: (value: T) => string = String): Kind<T> {
  return { schema, fromText: (text) => text, format };
}

/** Text of at least one character. */
export const nonEmpty = v.pipe(v.string(), v.nonEmpty("must not be empty"));

/** Any non-empty text. */
export const text: Kind<string> = textual(nonEmpty);

/** Anything but digits stays text, which the schema refuses. */
function numberFromText(text: string): unknown {
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function wholeNumber(least: number, most: number): v.GenericSchema<number> {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}

/** A whole number; both bounds are inclusive. */
export function whole(least: number, most: number): Kind<number> {
  return { schema: wholeNumber(least, most), fromText: numberFromText, format: String };
}

/** The number of a TCP port; 0 for any free one. */
export const portNumber: Kind<number> = whole(0, 65535);

/** Bytes, `least` or more, with or without a unit: `256 MiB`. */
export function bytes(least: number): Kind<number> {
  const message = `must be a size of ${formatAmount(least)} or more, such as "256 MiB"`;
  const number = v.pipe(v.number(message), v.integer(message), v.minValue(least, message));
  const withUnit = v.pipe(
    v.string(message),
    v.check((text) => (parseAmount(text) ?? 0) >= least, message),
    v.transform((text) => parseAmount(text) ?? least),
  );
  return { schema: v.union([number, withUnit], message), fromText: (text) => text, format: formatAmount };
}

/** A time of up to `most` seconds, in whole seconds or with units, such as `90s` or `1h30m`; as milliseconds. */
export function duration(most: number): Kind<number> {
  const message = `must be a time of 0 to ${most} seconds, such as 90, 90s, 5m or 1h`;
  const number = v.pipe(v.number(message), v.integer(message), v.minValue(0, message), v.maxValue(most, message));
  const withUnits = v.pipe(
    v.string(message),
    v.regex(DURATION, message),
    v.check((text) => secondsOf(text) <= most, message),
    v.transform(secondsOf),
  );
  return {
    schema: v.pipe(v.union([number, withUnits], message), v.transform((value) => value * 1000)),
    fromText: numberFromText,
    format: (value) => String(value / 1000),
  };
}

const DURATION = /^(?=\d)(?:(\d{1,4})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,9})s)?$/;

function secondsOf(text: string): number {
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(text) ?? [];
  return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** {@link whole}, or a word for a number that is determined later. */
export function wholeOr<const T extends string>(word: T, least: number, most: number): Kind<number | T> {
  const message = `must be ${word}, or a whole number from ${least} to ${most}`;
  return {
    schema: v.union([wholeNumber(least, most), v.literal(word)], message),
    fromText: numberFromText,
    format: String,
  };
}

function anyOf<const T extends readonly string[]>(choices: T): v.GenericSchema<string, T[number]> {
  return v.picklist(choices, `must be ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`);
}

/** One of a few words. */
export function oneOf<const T extends string>(...choices: readonly T[]): Kind<T> {
  return textual(anyOf(choices));
}

/** When files are synced; a flag without a value means `close`. */
export const neverOrClose: Kind<"never" | "close"> = { ...oneOf("never", "close"), bare: "close" };

/** A switch: given as a flag, it is `true`. */
export const onOff: Kind<boolean> = {
  schema: v.boolean("must be true or false"),
  fromText: (text) => switchWord(text) ?? text,
  format: String,
};

/** `on` or `off`, where a switch would not do: `on` is the default. */
export const onOrOff: Kind<boolean> = {
  ...textual(v.pipe(anyOf(["on", "off"]), v.transform((value) => value === "on")), (value) => value ? "on" : "off"),
  fromText: (text) => ({ true: "on", false: "off" })[String(switchWord(text))] ?? text,
};

const USES = ["auto", "on", "off", true, false];
/** Whether something is used: `auto` where it can be. Without a value, and as `true`, it is `on`. */
export const autoOrOnOff: Kind<"auto" | "on" | "off"> = {
  ...textual(v.pipe(anyOf(["auto", "on", "off"]), v.metadata({ type: ["string", "boolean"], enum: USES }))),
  ...{ fromText: onOrOff.fromText, bare: "on" },
};

/** A version of TLS, given as `1.2`. */
export const tlsVersion: Kind<TlsVersion> = textual(
  v.pipe(anyOf(["1.2", "1.3"]), v.transform((version): TlsVersion => `TLSv${version}`)),
  (value) => value.slice("TLSv".length),
);

/** The URL of a store. */
export const storeUrl: Kind<string> = textual(v.pipe(
  nonEmpty,
  v.check(isStoreUrl, "must be a URL such as https://s3.example.org, without a user, a password and a query"),
));

function isStoreUrl(text: string): boolean {
  try {
    endpointUrl(text);
    return true;
  } catch {
    return false;
  }
}

/** An IPv4 or IPv6 address. */
export const ipAddress: Kind<string> = textual(v.pipe(
  v.string(),
  v.metadata({ anyOf: [{ format: "ipv4" }, { format: "ipv6" }] }),
  v.check(
    (value) => familyOf(value) !== undefined,
    "must be an IP address such as 127.0.0.1, or 0.0.0.0 for all of this machine",
  ),
));

/** An IPv4 address or a host name, for 227 replies. */
export const publicAddress: Kind<string> = textual(v.pipe(
  v.string(),
  v.check(
    (value) => familyOf(value) !== 6,
    "must be an IPv4 address or a name: PASV cannot carry an IPv6 address",
  ),
  v.regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, "must be an IPv4 address or a name"),
  v.check((value) => !isUnspecified(value), "must be an address that clients can reach"),
));

/** `30000-30100`, or a single port. */
export const portRange: Kind<PortRange> = {
  schema: v.pipe(
    v.string(),
    v.metadata({ type: ["string", "integer"] }),
    v.regex(/^[0-9]{1,5}(-[0-9]{1,5})?$/, 'must look like "30000-30100"'),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
      try {
        return parsePortRange(value);
      } catch {
        addIssue({ message: "must be an ascending range within 1 to 65535" });
        return NEVER;
      }
    }),
  ),
  fromText: (text) => text,
  format: ({ first, last }) => `${first}-${last}`,
};

/** An IANA time zone that the runtime knows. */
export const timeZone: Kind<string> = textual(
  v.pipe(nonEmpty, v.check(isTimeZone, "must be an IANA time zone such as Europe/Berlin")),
);

function isTimeZone(name: string): boolean {
  try {
    new Zone(name);
    return true;
  } catch {
    return false;
  }
}

/** Texts separated by commas, each of which `isItem`. */
function list(isItem: (item: string) => boolean, message: string): Kind<readonly string[]> {
  const items = (value: string): readonly string[] => value.split(",");
  return textual(v.pipe(nonEmpty, v.check((value) => items(value).every(isItem), message), v.transform(items)));
}

/** Names of files separated by commas. */
export const fileList: Kind<readonly string[]> = list((file) => file !== "", "must not be empty");

/** Names of hosts for HOST (RFC 7151 section 3.1), separated by commas. */
export const hostNameList: Kind<readonly string[]> = list(
  (name) => /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i.test(name),
  "must be names such as ftp.example.org,ftp.example.net",
);

/** Networks such as `192.0.2.0/24` separated by commas, at least one. */
export const someNetworks: Kind<readonly string[]> = list(
  (network) => parseNetwork(network) !== undefined,
  "must be networks such as 192.0.2.0/24,2001:db8::/32",
);

/** Networks such as `192.0.2.0/24` separated by commas, or `none`. */
export const networkList: Kind<readonly string[]> = textual(v.pipe(
  nonEmpty,
  v.transform((value): readonly string[] => value === "none" ? [] : value.split(",")),
  v.check(
    (networks) => networks.every((network) => parseNetwork(network) !== undefined),
    "must be networks such as 192.0.2.0/24,2001:db8::/32, or none",
  ),
));
