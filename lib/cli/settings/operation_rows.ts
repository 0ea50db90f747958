/**
 * The settings of what is around a server: where else accounts are kept, and who watches it.
 *
 * @module
 */

import { ldapSettings, secretUrl, verbList, webhookList, webhookUrls } from "./backend_kinds.ts";
import { DEFAULT_HOOKS, LEAST_HOOK_MEMORY } from "../../hooks/defaults.ts";
import { bytes, duration, oneOf, onOff, text, whole } from "./kinds.ts";
import { endpoint } from "./place_kinds.ts";
import { setting } from "./row.ts";

const time = duration(2_000_000);

/** Names that log in, files that are read, and what changes any. */
const HOOK_VERBS: readonly string[] = "USER,RETR,STOR,STOU,APPE,DELE,RNFR,RNTO,MKD,RMD".split(",");

/** In the order of `--help`. */
export const OPERATION_ROWS = [
  setting(
    "authUrl",
    "URL",
    "ask this service (https, or http on loopback) about accounts that the file lacks",
    secretUrl,
  ),
  setting(
    "ldap",
    "JSON",
    "ask this directory about them: url, base, filter, bindDn, bindPasswordFile, account",
    ldapSettings,
  ),
  setting("authCache", "TIME", "time for which such a service is not asked again about a right password", time, 60_000),
  setting("authStale", "TIME", "time for which that still counts while the service is down", time, 600_000),
  setting(
    "beforeHook",
    "URL",
    "ask this service (https, or http on loopback) before commands, which it may refuse",
    secretUrl,
  ),
  setting("beforeHookVerbs", "VERB[,…]", "the commands that it is asked about", verbList, HOOK_VERBS),
  setting("beforeHookTimeout", "TIME", "time that it has to answer", duration(3_600), 5_000),
  setting(
    "beforeHookFailure",
    "HOW",
    "what happens to the command when it does not answer: refuse or allow",
    oneOf("refuse", "allow"),
    "refuse",
  ),
  setting("hooks", "FILE", "run the functions of this TypeScript file before and after commands, in a sandbox", text),
  setting("hooksTimeout", "TIME", "time that such a function has to answer", duration(3_600), DEFAULT_HOOKS.timeout),
  setting(
    "hooksMemory",
    "SIZE",
    "memory for the sandbox; it is restarted beyond it",
    bytes(LEAST_HOOK_MEMORY),
    DEFAULT_HOOKS.memory,
  ),
  setting(
    "hooksFailure",
    "HOW",
    "what happens to the command when the function fails: refuse, allow or close the session",
    oneOf("refuse", "allow", "close"),
    DEFAULT_HOOKS.failure,
  ),
  setting(
    "hooksProcess",
    undefined,
    "the sandbox is a process, not a thread; needs the permission to run Deno",
    onOff,
    false,
  ),
  setting(
    "webhook",
    "URL",
    "post events to this service (https, or http on loopback); may be repeated; needs --state",
    webhookUrls,
  ),
  setting("webhookSecretFile", "FILE", "file with the secret that these posts are signed with", text),
  setting(
    "webhooks",
    "JSON",
    "a list of such services: url, secretFile, format, and to filter types, accounts, paths, outcomes",
    webhookList,
  ),
  setting(
    "webhookQueue",
    "N",
    "events that are kept for each such service until it takes them",
    whole(1, 10_000_000),
    10_000,
  ),
  setting(
    "traces",
    undefined,
    "make spans of sessions, commands and transfers (OpenTelemetry, OTEL_DENO=true)",
    onOff,
    false,
  ),
  setting("metrics", "HOST:PORT", "listen there for Prometheus (/metrics) and for probes (/livez, /readyz)", endpoint),
  setting(
    "metricsAccounts",
    undefined,
    "metrics also have logins, transfers and bytes by account, with its name",
    onOff,
    false,
  ),
  setting("drainDelay", "TIME", "at shutdown, time between /readyz saying no and the port being closed", time, 0),
] as const;
