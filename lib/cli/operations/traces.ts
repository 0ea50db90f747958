/**
 * `--traces`: sessions, commands and transfers as spans of OpenTelemetry, by way of the runtime's own exporter
 * (`OTEL_DENO=true`; without it nothing is made).
 *
 * @module
 */

import { type Attributes, type Context, context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { EventListener, EventStream, EventWish, ServerEvent } from "../../events.ts";

/** What traces are made of. */
const TRACED: readonly EventWish[] = [
  "sessionOpened",
  "sessionClosed",
  "command",
  "reply",
  "transferStarted",
  "transferWithoutDigest",
];

/** A command without its final reply. */
interface OpenCommand {
  readonly span: Span;
  transfer?: Span | undefined;
}

interface OpenSession {
  readonly span: Span;
  readonly context: Context;
  /** In the order of their final replies, but for what is answered during a transfer. */
  readonly commands: OpenCommand[];
}

/** Makes spans of what happens, until the result is disposed. */
export function traceEvents(events: EventStream): Disposable {
  return events.on(new Traces().listener, TRACED);
}

/** Makes spans. They name no account and no path: the session's id leads to both in the log. */
class Traces {
  readonly #tracer = trace.getTracer("denoftpd");
  readonly #sessions = new Map<string, OpenSession>();

  /** For {@link TRACED}. */
  get listener(): EventListener {
    return (event) => this.#take(event);
  }

  #take(event: ServerEvent): void {
    if (event.type === "sessionOpened") return this.#open(event);
    const session = "session" in event ? this.#sessions.get(event.session ?? "") : undefined;
    if (!session) return;
    const { time } = event;
    switch (event.type) {
      case "command":
        return this.#begin(session, event.line, time);
      case "reply":
        if (event.code >= 200) endCommand(session, event.code, time);
        return;
      case "transferStarted": {
        const command = session.commands.at(-1);
        if (!command) return;
        const { direction, offset } = event;
        const attributes = { "ftp.transfer.direction": direction, "ftp.transfer.offset": offset };
        command.transfer = this.#start(`transfer ${direction}`, { time, attributes, parent: command.span });
        return;
      }
      case "transfer": {
        const command = session.commands.find(({ transfer }) => transfer !== undefined);
        const { transfer } = command ?? {};
        if (!command || !transfer) return;
        transfer.setAttributes({ "file.size": event.bytes, "ftp.transfer.result": event.reason });
        if (!event.complete) transfer.setStatus({ code: SpanStatusCode.ERROR, message: event.reason });
        transfer.end(time);
        command.transfer = undefined;
        return;
      }
      case "sessionClosed":
        return this.#close(event.session, session, event);
    }
  }

  #open({ session, address, time }: Extract<ServerEvent, { type: "sessionOpened" }>): void {
    const attributes = { "network.peer.address": address, "session.id": session };
    const span = this.#tracer.startSpan("ftp session", {
      kind: SpanKind.SERVER,
      startTime: time,
      attributes,
      root: true,
    });
    this.#sessions.set(session, { span, context: trace.setSpan(context.active(), span), commands: [] });
  }

  #begin(session: OpenSession, line: string, time: number): void {
    const [verb = ""] = line.split(" ", 1);
    // An unknown verb is whatever the client has sent.
    const name = /^[A-Za-z]{3,5}$/.test(verb) ? verb.toUpperCase() : "unknown";
    const span = this.#start(name, { time, attributes: { "ftp.command": name }, parent: session.span });
    session.commands.push({ span });
  }

  #start(
    name: string,
    { time, attributes, parent }: { readonly time: number; readonly attributes: Attributes; readonly parent: Span },
  ): Span {
    const above = trace.setSpan(context.active(), parent);
    return this.#tracer.startSpan(name, { kind: SpanKind.INTERNAL, startTime: time, attributes }, above);
  }

  #close(
    id: string,
    { span, commands }: OpenSession,
    { reason, time }: { readonly reason: string; readonly time: number },
  ): void {
    for (const { span, transfer } of commands) {
      transfer?.end(time);
      span.end(time);
    }
    span.setAttribute("ftp.session.end", reason);
    span.end(time);
    this.#sessions.delete(id);
  }
}

/** What is answered while a transfer runs is a command that came after its own. */
function endCommand({ commands }: OpenSession, code: number, time: number): void {
  const index = commands.length > 1 && commands[0]?.transfer !== undefined ? commands.length - 1 : 0;
  const [command] = commands.splice(index, 1);
  if (!command) return;
  command.span.setAttribute("ftp.response.code", code);
  if (code >= 400) command.span.setStatus({ code: SpanStatusCode.ERROR });
  command.span.end(time);
}
