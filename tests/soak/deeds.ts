/**
 * What a visitor does in a session: each deed leaves the session usable and checks what it got, except those of {@link
 * EXITS}, after which the visitor is gone.
 *
 * @module
 */

import type { Socket } from "node:net";
import { makePayload, sha256 } from "../clients/payload.ts";
import { assemble, type Ledger, type Piece } from "./ledger.ts";
import type { Random } from "./random.ts";
import {
  type Address,
  type Control,
  type Data,
  type Exit,
  firstBytes,
  leave,
  prepareData,
  receiveAll,
  sendAll,
} from "./wire.ts";

/** A file that every visitor may read, too large to be swallowed by socket buffers. */
export const SHARED = { path: "shared/big.bin", size: 24 * 1024 * 1024, seed: 77 } as const;

const MODES = ["PASV", "EPSV", "PORT", "EPRT"] as const;
/** How many of a hundred broken downloads are not read to the end: a whole one costs processor time. */
const HOLD_PERCENT = 85;
const EXIT_WAYS: readonly Exit[] = ["FIN", "RST"];
const FILE_NAMES = ["one.bin", "two  spaces.bin", "-three.bin", "fünf [5].bin"];

/** What a deed works with. */
export interface Visit {
  readonly control: Control;
  readonly address: Address;
  readonly random: Random;
  readonly ledger: Ledger;
  /** The visitor's own directory on the server, without a slash at its start. */
  readonly home: string;
}

/** One thing to do. */
export type Deed = (visit: Visit) => Promise<void>;

function data(visit: Visit): Promise<Data> {
  return prepareData(visit.control, visit.address, visit.random.pick(MODES));
}

function ownPath(visit: Visit): string {
  return `${visit.home}/${visit.random.pick(FILE_NAMES)}`;
}

function knownPath(visit: Visit): string | undefined {
  const { paths } = visit.ledger;
  return paths.length === 0 ? undefined : visit.random.pick(paths);
}

function somePiece(visit: Visit): Piece {
  const { random } = visit;
  const limit = random.pick([2, 4096, 4096, 16_384, 16_384, 262_144, 2_097_152]);
  return { size: Math.max(leastUpload(visit), random.below(limit)), seed: random.below(1 << 30) };
}

/** `node:tls` of Deno 2.9.6 ends a socket that has sent nothing without close_notify, which is a truncated upload. */
function leastUpload({ address }: Visit): number {
  return address.security === undefined ? 0 : 1;
}

/** Says `command` and opens the data connection, in either order. */
async function begin(visit: Visit, ready: Data, command: string): Promise<Socket> {
  const early = visit.random.chance(30) ? ready.open() : undefined;
  visit.control.say(`${command}\r\n`);
  const socket = early ?? ready.open();
  // Whichever fails first is thrown; the other is looked at no more.
  socket.catch(() => {});
  try {
    await visit.control.expectReply(command, 150, 125);
    return await visit.control.protectData(await socket);
  } catch (error) {
    ready.cancel();
    throw error;
  }
}

async function store(visit: Visit): Promise<void> {
  await put(visit, { verb: "STOR", path: ownPath(visit), pieces: [somePiece(visit)] });
}

async function append(visit: Visit): Promise<void> {
  const path = knownPath(visit);
  if (path === undefined) return await store(visit);
  const before = visit.ledger.pieces(path);
  if (before.length > 3) return await remove(visit);
  await put(visit, { verb: "APPE", path, pieces: [somePiece(visit)], before });
}

interface Put {
  readonly verb: "STOR" | "APPE";
  readonly path: string;
  readonly pieces: readonly Piece[];
  readonly before?: readonly Piece[];
}

async function put(visit: Visit, { verb, path, pieces, before = [] }: Put): Promise<void> {
  const ready = await data(visit);
  visit.ledger.forget(path);
  const socket = await begin(visit, ready, `${verb} /${path}`);
  await sendAll(socket, assemble(pieces));
  await visit.control.expectReply(`the end of ${verb}`, 226);
  visit.ledger.record(path, [...before, ...pieces]);
}

async function resumeUpload(visit: Visit): Promise<void> {
  const path = knownPath(visit);
  if (path === undefined) return;
  const pieces = visit.ledger.pieces(path);
  const whole = assemble(pieces);
  const offset = visit.random.below(whole.length + 1 - leastUpload(visit));
  const ready = await data(visit);
  visit.ledger.forget(path);
  await visit.control.expect(`REST ${offset}`, 350);
  const socket = await begin(visit, ready, `STOR /${path}`);
  await sendAll(socket, whole.subarray(offset));
  await visit.control.expectReply("the end of a resumed STOR", 226);
  visit.ledger.record(path, pieces);
}

async function retrieve(visit: Visit): Promise<void> {
  const path = knownPath(visit);
  if (path === undefined) return await store(visit);
  const whole = assemble(visit.ledger.pieces(path));
  const offset = visit.random.chance(30) ? visit.random.below(whole.length + 1) : 0;
  const ready = await data(visit);
  if (offset > 0) await visit.control.expect(`REST ${offset}`, 350);
  const socket = await begin(visit, ready, `RETR /${path}`);
  const got = await receiveAll(socket, whole.length - offset);
  await visit.control.expectReply("the end of RETR", 226);
  const expected = whole.slice(offset);
  if (got === undefined || await sha256(got) !== await sha256(expected)) {
    throw new Error(
      `RETR of "${path}" from ${offset} gave ${got?.length} bytes, other than the ${expected.length} stored`,
    );
  }
}

async function list(visit: Visit): Promise<void> {
  const verb = visit.random.pick(["LIST", "NLST", "MLSD"]);
  const ready = await data(visit);
  const socket = await begin(visit, ready, `${verb} /${visit.home}`);
  const got = await receiveAll(socket);
  await visit.control.expectReply(`the end of ${verb}`, 226);
  const text = new TextDecoder().decode(got);
  for (const path of visit.ledger.paths) {
    const name = path.slice(visit.home.length + 1);
    if (!text.includes(`${name}\r\n`)) throw new Error(`${verb} does not tell of "${name}":\n${text}`);
  }
}

async function rename(visit: Visit): Promise<void> {
  const [from, to] = [knownPath(visit), ownPath(visit)];
  if (from === undefined || from === to) return;
  const pieces = visit.ledger.pieces(from);
  await visit.control.expect(`RNFR /${from}`, 350);
  visit.ledger.forget(from);
  visit.ledger.forget(to);
  await visit.control.expect(`RNTO /${to}`, 250);
  visit.ledger.record(to, pieces);
}

async function remove(visit: Visit): Promise<void> {
  const path = knownPath(visit);
  if (path === undefined) return;
  visit.ledger.forget(path);
  await visit.control.expect(`DELE /${path}`, 250);
}

async function directories(visit: Visit): Promise<void> {
  const path = `/${visit.home}/sub ${visit.random.below(3)}`;
  // One may be left from a session that vanished.
  await visit.control.expect(`MKD ${path}`, 257, 550);
  await visit.control.expect(`CWD ${path}`, 250);
  await visit.control.expect("CDUP", 250);
  await visit.control.expect(`RMD ${path}`, 250);
}

async function pipeline(visit: Visit): Promise<void> {
  const commands: readonly [string, number][] = [
    ["NOOP", 200],
    ["PWD", 257],
    ["TYPE I", 200],
    ["SYST", 215],
    ["FEAT", 211],
    ["RNTO nowhere", 503],
    [`SIZE /${SHARED.path}`, 213],
    ["SIZE /absent", 550],
    [`MLST /${SHARED.path}`, 250],
    ["STAT", 211],
  ];
  const said = Array.from({ length: 1 + visit.random.below(30) }, () => visit.random.pick(commands));
  visit.control.say(said.map(([command]) => `${command}\r\n`).join(""));
  for (const [command, code] of said) await visit.control.expectReply(`pipelined ${command}`, code);
}

async function pipelineDuringTransfer(visit: Visit): Promise<void> {
  const path = knownPath(visit);
  if (path === undefined) return;
  const ready = await data(visit);
  const socket = await begin(visit, ready, `RETR /${path}`);
  visit.control.say("NOOP\r\nPWD\r\n");
  await receiveAll(socket, assemble(visit.ledger.pieces(path)).length);
  for (const code of [226, 200, 257]) await visit.control.expectReply("a pipeline behind RETR", code);
}

async function abortDownload(visit: Visit): Promise<void> {
  const ready = await data(visit);
  const socket = await begin(visit, ready, `RETR /${SHARED.path}`);
  await firstBytes(socket, visit.random.chance(HOLD_PERCENT));
  visit.control.say("ABOR\r\n");
  await visit.control.expectReply("an aborted RETR", 426, 226);
  await visit.control.expectReply("ABOR", 226);
  socket.destroy();
}

async function abortUpload(visit: Visit): Promise<void> {
  const ready = await data(visit);
  const path = ownPath(visit);
  visit.ledger.forget(path);
  const socket = await begin(visit, ready, `STOR /${path}`);
  socket.write(makePayload(visit.random.below(100_000)));
  visit.control.say("ABOR\r\n");
  await visit.control.expectReply("an aborted STOR", 426, 226);
  await visit.control.expectReply("ABOR", 226);
  socket.destroy();
}

async function resetData(visit: Visit): Promise<void> {
  const ready = await data(visit);
  const upload = visit.random.chance(50);
  const path = ownPath(visit);
  if (upload) visit.ledger.forget(path);
  const socket = await begin(visit, ready, upload ? `STOR /${path}` : `RETR /${SHARED.path}`);
  if (upload) socket.write(makePayload(visit.random.below(200_000)));
  else await firstBytes(socket, visit.random.chance(HOLD_PERCENT));
  leave(socket, "RST");
  // Where in an upload a reset strikes is chance: before the server has accepted the connection (425), while it reads
  // (426), or behind the last byte, where it looks like an end.
  await visit.control.expectReply(
    "a transfer whose data connection was reset",
    ...(upload ? [425, 426, 451, 226] : [426]),
  );
}

async function changeMind(visit: Visit): Promise<void> {
  for (let count = visit.random.below(5); count > 0; count--) {
    await visit.control.expect(visit.random.pick(["PASV", "EPSV"]), 227, 229);
  }
  const ready = await prepareData(visit.control, visit.address, "EPSV");
  const socket = await ready.open();
  leave(socket, visit.random.pick(EXIT_WAYS));
  await visit.control.expect("ABOR", 226, 225);
}

/** Deeds that leave the session as usable as it was, the common ones more than once. */
export const DEEDS: readonly Deed[] = [
  ...[store, store, store, retrieve, retrieve, retrieve, append, resumeUpload, list, list, rename, remove, directories],
  ...[pipeline, pipeline, pipelineDuringTransfer, abortDownload, abortUpload, resetData, changeMind],
];

async function vanishAfterPassive(visit: Visit): Promise<void> {
  await visit.control.expect(visit.random.pick(["PASV", "EPSV"]), 227, 229);
  visit.control.leave(visit.random.pick(EXIT_WAYS));
}

async function vanishInTransfer(visit: Visit): Promise<void> {
  const ready = await data(visit);
  const upload = visit.random.chance(50);
  const path = ownPath(visit);
  if (upload) visit.ledger.forget(path);
  const socket = await begin(visit, ready, upload ? `STOR /${path}` : `RETR /${SHARED.path}`);
  if (upload) socket.write(makePayload(visit.random.below(200_000)));
  else await firstBytes(socket, visit.random.chance(HOLD_PERCENT));
  visit.control.leave(visit.random.pick(EXIT_WAYS));
  leave(socket, visit.random.pick(EXIT_WAYS));
}

async function vanishBeforeData(visit: Visit): Promise<void> {
  // Passive only: a port of ours that the server was told and that is closed may be another visitor's the next moment.
  await visit.control.expect(visit.random.pick(["PASV", "EPSV"]), 227, 229);
  const path = ownPath(visit);
  visit.ledger.forget(path);
  visit.control.say(visit.random.pick([`STOR /${path}\r\n`, `RETR /${SHARED.path}\r\n`, "LIST\r\n", "MLSD\r\n"]));
  visit.control.leave(visit.random.pick(EXIT_WAYS));
}

function vanishInLine(visit: Visit): Promise<void> {
  visit.control.say(
    visit.random.pick(["NOO", "STOR half a na", "PASV\r", "\xff\xf4\xff", "RNFR one.bin\r\nRN", "NOOP\r\n".repeat(50)]),
  );
  visit.control.leave(visit.random.pick(EXIT_WAYS));
  return Promise.resolve();
}

async function vanishBetween(visit: Visit): Promise<void> {
  await visit.control.expect(visit.random.pick(["REST 7", "NOOP", `RNFR /${SHARED.path}`]), 350, 200);
  visit.control.leave(visit.random.pick(EXIT_WAYS));
}

async function quit(visit: Visit): Promise<void> {
  await visit.control.expect("QUIT", 221);
  visit.control.leave("FIN");
}

/** Deeds that end a session, one of them as it should be. */
export const EXITS: readonly Deed[] = [
  ...[
    quit,
    quit,
    quit,
    vanishAfterPassive,
    vanishInTransfer,
    vanishInTransfer,
    vanishBeforeData,
    vanishInLine,
    vanishBetween,
  ],
];
