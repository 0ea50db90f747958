/**
 * The commands for a server that runs: each is a few requests to its admin API.
 *
 * @module
 */

import { counted } from "../../net/counted.ts";
import { CommandRefused, UsageError } from "../usage_error.ts";
import { type Flag, flagLines, type GivenFlags, readFlags } from "../flags.ts";
import type { CommandIo } from "../io.ts";
import type { ProgramIo } from "../program_command.ts";
import { duration, parseFrom } from "../settings/kinds.ts";
import { runCommand } from "../command.ts";
import { ADMIN_FLAGS } from "./address.ts";
import { type AdminClient, clientOf, withStatus } from "./client.ts";
import { banTable, eventLine, type Sessions, sessionTable, type ShownBan } from "./tables.ts";
import { watchSessions } from "./top.ts";

/** The output of a command, and who asks for passwords. Default: the terminal. */
export type ControlIo = CommandIo & Partial<Pick<ProgramIo, "promptSecret">>;

/** What a command works with. */
interface Work {
  readonly given: GivenFlags<Flag>;
  readonly client: AdminClient;
  readonly io: CommandIo;
  readonly json: boolean;
}

/** A row of the table of commands. */
export interface ControlCommand {
  readonly name: string;
  readonly arguments: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** The most arguments that are not flags. */
  readonly most: number;
  readonly run: (work: Work) => Promise<void>;
}

const JSON_FLAG: Flag = { name: "json", help: "print JSON, one object a line" };
const LONGEST_BAN = 366 * 86_400;

/** The commands, in the order of the help. */
export const CONTROL_COMMANDS: readonly ControlCommand[] = [
  {
    name: "who",
    arguments: "",
    summary: "list the sessions of a running server",
    flags: [JSON_FLAG],
    most: 0,
    run: async ({ client, io, json }) => {
      const { sessions, silentWorkers } = await readSessions(client);
      for (const worker of silentWorkers) {
        io.stderr(`denoftpd: warning: Worker ${worker} does not answer; its sessions are not listed\n`);
      }
      io.stdout(json ? lines(sessions) : sessionTable(sessions));
    },
  },
  {
    name: "top",
    arguments: "",
    summary: "watch the sessions, the busiest first",
    flags: [
      JSON_FLAG,
      { name: "interval", value: "TIME", help: "time between two looks", fallback: "2" },
      { name: "count", value: "N", help: "end after so many looks" },
    ],
    most: 0,
    run: async ({ given, client, io, json }) => {
      const interval = given.text("interval") ?? "2";
      await watchSessions(() => readSessions(client), {
        io,
        json,
        interval: Math.max(100, parseFrom('Flag "--interval"', interval, duration(3_600))),
        count: countOf(given.text("count")),
      });
    },
  },
  {
    name: "kick",
    arguments: "ID",
    summary: "end a session, or all of an account or an address",
    flags: [
      { name: "user", value: "NAME", help: "end every session of this account" },
      { name: "address", value: "IP", help: "end every session of this address" },
      { name: "text", value: "TEXT", help: "text of the 421 that they get" },
    ],
    most: 1,
    run: kick,
  },
  {
    name: "ban",
    arguments: "ADDRESS",
    summary: "shut an address out, and end its sessions",
    flags: [
      { name: "for", value: "TIME", help: "how long, such as 30m or 7d (the server's --ban-time)" },
      { name: "reason", value: "TEXT", help: "for the log and the list" },
    ],
    most: 1,
    run: async ({ given, client, io }) => {
      const time = given.text("for");
      const { json } = await client.ask({
        method: "POST",
        path: "/api/bans",
        body: {
          address: argument(given, "an address"),
          ...(time !== undefined && { seconds: parseFrom('Flag "--for"', time, duration(LONGEST_BAN)) / 1000 }),
          ...(given.text("reason") !== undefined && { reason: given.text("reason") }),
        },
      });
      const { ban, ended } = json as { readonly ban: ShownBan; readonly ended: number };
      const until = new Date(ban.until).toISOString();
      io.stdout(`Shut out ${ban.network} until ${until}; ended ${counted(ended, "session")}\n`);
    },
  },
  {
    name: "unban",
    arguments: "ADDRESS",
    summary: "let an address in again",
    flags: [],
    most: 1,
    run: async ({ given, client, io }) => {
      const address = argument(given, "an address");
      await client.ask({ method: "DELETE", path: `/api/bans/${encodeURIComponent(address)}` });
      io.stdout(`Let ${address} in again\n`);
    },
  },
  {
    name: "bans",
    arguments: "",
    summary: "list the addresses that are shut out",
    flags: [JSON_FLAG],
    most: 0,
    run: async ({ client, io, json }) => {
      const answer = await client.ask({ path: "/api/bans" });
      const { bans } = answer.json as { readonly bans: readonly ShownBan[] };
      io.stdout(json ? lines(bans) : banTable(bans));
    },
  },
  {
    name: "reload",
    arguments: "",
    summary: "have accounts, certificates and log files read again, as SIGHUP does",
    flags: [],
    most: 0,
    run: async ({ client, io }) => {
      await client.ask({ method: "POST", path: "/api/reload" });
      io.stdout("Reloaded; the log of the server says what it has found\n");
    },
  },
  {
    name: "drain",
    arguments: "",
    summary: "end the server as SIGTERM does: running transfers get the time of --grace",
    flags: [],
    most: 0,
    run: async ({ client, io }) => {
      await client.ask({ method: "POST", path: "/api/drain" });
      io.stdout("The server accepts no more connections, and ends when its transfers do\n");
    },
  },
  {
    name: "events",
    arguments: "",
    summary: "follow what happens on a running server",
    flags: [
      JSON_FLAG,
      { name: "types", value: "T[,…]", help: "only events of these types, such as login,transfer" },
      {
        name: "level",
        value: "LEVEL",
        help: "only from this level up: debug, info, warning or error",
        fallback: "info",
      },
      { name: "user", value: "NAME", help: "only those of this account" },
      { name: "session", value: "ID", help: "only those of this session" },
      { name: "address", value: "IP", help: "only those of this address" },
    ],
    most: 0,
    run: async ({ given, client, io, json }) => {
      const query = new URLSearchParams({ level: given.text("level") ?? "info" });
      for (const name of ["types", "user", "session", "address"]) {
        const value = given.text(name);
        if (value !== undefined) query.set(name, value);
      }
      for await (const event of client.events(query)) io.stdout(json ? lines([event]) : eventLine(event));
    },
  },
];

/**
 * Runs a command; resolves to its exit status: 0 done, 1 no such session or ban, 2 wrong use, 7 no server, 60 a
 * certificate that is not trusted, 67 not let in.
 */
export async function runControl(command: ControlCommand, args: readonly string[], io: ControlIo): Promise<number> {
  const flags = [...command.flags, ...ADMIN_FLAGS];
  return await runCommand(args, io, {
    usage: `Usage: denoftpd ${[command.name, command.arguments, "[flags]"].filter((word) => word !== "").join(" ")}

${capitalized(command.summary)}.

${flagLines(flags)}`,
    action: async () => {
      const given: GivenFlags<Flag> = readFlags<Flag>(args, { command: command.name, flags, most: command.most });
      return await withStatus(io, async () => {
        const json = command.flags.includes(JSON_FLAG) && given.isOn("json");
        await using client = clientOf(given, io);
        await command.run({ given, client, io, json });
      });
    },
  });
}

async function kick({ given, client, io }: Work): Promise<void> {
  const [user, address, text] = [given.text("user"), given.text("address"), given.text("text")];
  const [id] = given.rest;
  if ([id, user, address].filter((each) => each !== undefined).length !== 1) {
    throw new UsageError('Whom? One of: the ID that "denoftpd who" shows, --user NAME, --address IP');
  }
  if (id !== undefined) {
    const query = text === undefined ? "" : `?${new URLSearchParams({ text })}`;
    await client.ask({ method: "DELETE", path: `/api/sessions/${encodeURIComponent(id)}${query}` });
    return io.stdout(`Ended session ${id}\n`);
  }
  const body = { ...(user === undefined ? { address } : { user }), ...(text !== undefined && { text }) };
  const { json } = await client.ask({ method: "POST", path: "/api/sessions/end", body });
  const { ended } = json as { readonly ended: number };
  if (ended === 0) throw new CommandRefused(`No session of "${user ?? address}"`);
  io.stdout(`Ended ${counted(ended, "session")}\n`);
}

async function readSessions(client: AdminClient): Promise<Sessions> {
  return (await client.ask({ path: "/api/sessions" })).json as Sessions;
}

function argument({ rest: [first] }: GivenFlags<Flag>, what: string): string {
  if (first === undefined) throw new UsageError(`It needs ${what}`);
  return first;
}

function countOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`Flag "--count" must be a whole number from 1 up, not "${text}"`);
}

function lines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
