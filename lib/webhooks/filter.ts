/**
 * Which events a service is sent, and how an event is written for it.
 *
 * @module
 */

// @ts-types="@types/picomatch"
import picomatch from "picomatch";
import { EVENT_TYPES, type EventWish, type ServerEvent, withoutDigest } from "../events.ts";
import { messageOf } from "../net/message_of.ts";
import { DEFAULT_TYPES, type Endpoint, type Format, type Outcome } from "./endpoint.ts";

/** The version of what {@link bodyOf} writes: a later one only adds fields. */
const VERSION = 1;
/** What a body that is a CloudEvent begins with. */
const CLOUD_EVENT = '{"specversion":"1.0",';

/** What some of `endpoints` may be sent. */
export function wishesOf(endpoints: readonly Endpoint[]): readonly EventWish[] {
  return withoutDigest(
    EVENT_TYPES.filter((type) => endpoints.some(({ types = DEFAULT_TYPES }) => types.includes(type))),
  );
}

/** Whether `endpoint` is sent an event. Listings never are: clients make one for each look. */
export function filterOf(endpoint: Endpoint): (event: ServerEvent) => boolean {
  const { types = DEFAULT_TYPES, accounts, paths, outcomes } = endpoint;
  // Without the first slash: "/**/*.csv" would have none of the files right in "/".
  const isPath = paths && picomatch(paths.map(withoutSlash), { dot: true });
  return (event) => {
    if (!types.includes(event.type)) return false;
    if (event.type === "transfer" || event.type === "transferStarted") {
      if (event.direction === "listing") return false;
    }
    if (accounts && !accounts.includes(accountOf(event) ?? "")) return false;
    if (isPath && !pathsOf(event).some((path) => isPath(withoutSlash(path)))) return false;
    return outcomes?.includes(outcomeOf(event)) ?? true;
  };
}

function withoutSlash(path: string): string {
  return path.replace(/^\//, "");
}

/** The account of a session; of a login that fails, the name that was tried. */
function accountOf(event: ServerEvent): string | undefined {
  if (event.type === "login") return event.name;
  return "user" in event ? event.user : undefined;
}

function pathsOf(event: ServerEvent): string[] {
  const { path, to } = event as { readonly path?: string; readonly to?: string };
  return [path, to].filter((each) => each !== undefined);
}

function outcomeOf(event: ServerEvent): Outcome {
  switch (event.type) {
    case "transfer":
      return event.complete ? "success" : "failure";
    case "login":
      return event.ok ? "success" : "failure";
    case "refused":
    case "connectionRefused":
    case "proxyHeaderRefused":
    case "problem":
      return "failure";
    default:
      return "success";
  }
}

/** The media type of a body of {@link bodyOf}: for a CloudEvent that of its structured mode. */
export function mediaTypeOf(body: string): string {
  return body.startsWith(CLOUD_EVENT) ? "application/cloudevents+json" : "application/json";
}

/** The JSON of an event for services with this format. */
export function bodyOf(event: ServerEvent, id: string, format: Format = "plain"): string {
  const data = plainBodyOf(event, id);
  if (format === "plain") return data;
  const [subject] = pathsOf(event);
  // An id is never used twice, so that the source need not tell servers apart.
  const fields = { id, source: "denoftpd", type: `denoftpd.${event.type}`, time: timeOf(event), subject };
  const start = JSON.stringify({ ...fields, datacontenttype: "application/json" }).slice(1, -1);
  return `${CLOUD_EVENT}${start},"data":${data}}`;
}

function timeOf({ time }: ServerEvent): string {
  return new Date(time).toISOString();
}

/**
 * The JSON object for an event: its own fields, with the time as RFC 3339 has it and an error as its message. The
 * `version` is that of the object; the one of the program, in `started`, is its `program`.
 */
function plainBodyOf(event: ServerEvent, id: string): string {
  const { type, time: _time, error, stack: _, version: program, ...fields } = {
    ...{ error: undefined, stack: undefined, version: undefined },
    ...event,
  };
  // JSON leaves out what is undefined.
  return JSON.stringify({
    version: VERSION,
    id,
    time: timeOf(event),
    type,
    program,
    ...fields,
    error: error === undefined ? undefined : messageOf(error),
  });
}
