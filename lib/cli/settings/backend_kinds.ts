/**
 * The kinds of values that say which services of others are asked about logins and commands.
 *
 * @module
 */

import * as v from "valibot";
import { parseRedisUrl, type RedisAddress, redisUrl } from "../../cluster/address.ts";
import { isLoopback } from "../../net/ip.ts";
import { commandTable } from "../../commands/table.ts";
import { EVENT_TYPES } from "../../events.ts";
import { FORMATS, OUTCOMES } from "../../webhooks/endpoint.ts";
import { type Kind, nonEmpty, textual } from "./kinds.ts";

/** An object or a list, of which the text is JSON. */
export function structured<T>(schema: v.GenericSchema<unknown, T>): Kind<T> {
  const fromText = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };
  return { schema, structured: true, fromText, format: (value) => JSON.stringify(value) };
}

/** A URL of the scheme `secure`, or of `clear` and this machine: it is for what nobody else may read. */
function isUrl(text: string, secure: string, clear: string): boolean {
  const url = URL.parse(text);
  if (!url || url.username !== "" || url.hash !== "") return false;
  if (url.protocol === `${secure}:`) return url.hostname !== "";
  return url.protocol === `${clear}:` && isThisMachine(url.hostname);
}

function isThisMachine(hostname: string): boolean {
  return hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

const secretUrlText = v.pipe(
  v.string(),
  v.check((value) => isUrl(value, "https", "http"), "must be an https URL without a name in it, or http of loopback"),
);

/** An https URL, or an http one of this machine: what is sent there is secret. */
export const secretUrl: Kind<URL> = textual(
  v.pipe(secretUrlText, v.transform((value) => new URL(value))),
  (url) => url.href,
);

/** Where the Redis of a cluster is. As text it has no name and no password. */
export const redisAddress: Kind<RedisAddress> = textual(
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): RedisAddress => {
      const address = parseRedisUrl(value);
      if (address !== undefined) return address;
      addIssue({ message: "must be a URL such as redis://[USER:PASSWORD@]HOST:PORT[/DB], or rediss:// for TLS" });
      return NEVER;
    }),
  ),
  redisUrl,
);

const LDAP_FIELDS = "url, startTls, caFile, base, filter, bindDn, bindPasswordFile and account";

/** How a directory is asked about logins. */
export const ldapSettings = structured(v.pipe(
  v.strictObject({
    url: v.string(),
    startTls: v.exactOptional(v.boolean('must have true or false as "startTls"')),
    caFile: v.exactOptional(nonEmpty),
    base: nonEmpty,
    filter: v.pipe(v.string(), v.includes("%u", 'must have a "filter" with %u, the name that logs in')),
    bindDn: v.exactOptional(nonEmpty),
    bindPasswordFile: v.exactOptional(nonEmpty),
    account: v.record(v.string(), v.unknown(), 'must have an "account", as in the accounts file'),
  }, ({ expected }) => `must be an object of ${LDAP_FIELDS} (${expected})`),
  v.check(
    ({ url, startTls = false }) => isUrl(url, startTls ? "ldap" : "ldaps", "ldap"),
    "must have an ldaps URL, or ldap of loopback or with startTls",
  ),
));

/** Verbs of commands, separated by commas. */
export const verbList: Kind<readonly string[]> = textual(v.pipe(
  nonEmpty,
  v.transform((value): readonly string[] => value.toUpperCase().split(",")),
  v.check(
    (verbs) => verbs.every((verb) => commandTable.find(verb) !== undefined),
    "must be verbs of commands such as USER,STOR,DELE",
  ),
));

/** URLs as {@link secretUrl}, separated by spaces. */
export const webhookUrls: Kind<readonly string[]> = {
  ...textual(
    v.pipe(
      nonEmpty,
      v.transform((value): readonly string[] => value.trim().split(/\s+/)),
      v.check(
        (urls) => urls.every((url) => isUrl(url, "https", "http")),
        "must be https URLs without a name in them, or http of loopback",
      ),
    ),
    (urls) => urls.join(" "),
  ),
  repeats: true,
};

const someTexts = v.pipe(v.array(nonEmpty), v.nonEmpty("must not have an empty list"));

/** Services that are sent events. */
export const webhookList = structured(v.array(
  v.strictObject({
    url: secretUrlText,
    secretFile: nonEmpty,
    types: v.exactOptional(v.pipe(
      v.array(v.picklist(EVENT_TYPES, `must have as "types" some of ${EVENT_TYPES.join(", ")}`)),
      v.nonEmpty("must not have an empty list"),
    )),
    accounts: v.exactOptional(someTexts),
    paths: v.exactOptional(someTexts),
    outcomes: v.exactOptional(v.pipe(
      v.array(v.picklist(OUTCOMES, `must have as "outcomes" some of ${OUTCOMES.join(", ")}`)),
      v.nonEmpty("must not have an empty list"),
    )),
    format: v.exactOptional(v.picklist(FORMATS, `must have as "format" one of ${FORMATS.join(", ")}`)),
  }, ({ expected }) => `must be objects of url, secretFile, types, accounts, paths, outcomes and format (${expected})`),
  "must be a list",
));
