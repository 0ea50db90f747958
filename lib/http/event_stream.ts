/**
 * Server-sent events (WHATWG HTML, section 9.2) as the answer to a request.
 *
 * @module
 */

/** Where events go. */
export interface EventSink {
  /** The reader has not taken what it was sent: what is sent now waits in memory. */
  readonly isFull: boolean;
  /** Sends an event, without `type` a message: `data` as JSON, which has no line ends that would end the field. */
  send(data: unknown, type?: string): void;
  /** Sends a comment, which shows both ends that the other is there. */
  beat(): void;
}

/** The options of {@link eventStream}. */
export interface EventStreamOptions {
  /** Aborted when the client no longer waits. */
  readonly signal: AbortSignal;
  /** Events that may wait for the reader before the sink is full. */
  readonly waiting: number;
}

/**
 * The answer that goes on until `signal` is aborted, or its reader is gone.
 *
 * @param begin called at once; what it returns is disposed of at the end.
 */
export function eventStream(
  begin: (sink: EventSink) => Disposable,
  { signal, waiting }: EventStreamOptions,
): Response {
  const encoder = new TextEncoder();
  const ends = new DisposableStack();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => controller.enqueue(encoder.encode(text));
      ends.use(begin({
        get isFull() {
          return (controller.desiredSize ?? 0) <= 0;
        },
        send: (data, type) => write(`${type === undefined ? "" : `event: ${type}\n`}data: ${JSON.stringify(data)}\n\n`),
        beat: () => write(":\n\n"),
      }));
      const close = () => {
        ends.dispose();
        controller.close();
      };
      if (signal.aborted) return close();
      signal.addEventListener("abort", close, { once: true });
      ends.defer(() => signal.removeEventListener("abort", close));
    },
    cancel: () => ends.dispose(),
  }, { highWaterMark: waiting });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
}
