/**
 * A question to a service of the operator's own: JSON both ways, within a time and a size.
 *
 * @module
 */

import { messageOf } from "../net/message_of.ts";

/** The service sent something that is no answer. The message completes the sentence "It …". */
export class AnswerError extends Error {
  /** Always `AnswerError`. */
  override readonly name = "AnswerError";
}

/** The limits of a question. */
export interface PostLimits {
  /** Ends the wait for the answer. */
  readonly signal: AbortSignal;
  /** The longest answer, in bytes. */
  readonly mostBytes: number;
}

/** An answer. */
export interface JsonAnswer {
  readonly status: number;
  /** What status 200 came with; with any other, `undefined`. */
  readonly body: unknown;
}

/**
 * POSTs `question` as JSON. A redirect is not followed: what is sent is for this place alone. Rejects with
 * {@link AnswerError}, or with what `fetch` rejects with.
 */
export async function postJson(url: URL, question: unknown, { signal, mostBytes }: PostLimits): Promise<JsonAnswer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(question),
    redirect: "error",
    signal,
  });
  const { status } = response;
  if (status === 200) return { status, body: await bodyOf(response, mostBytes) };
  await response.body?.cancel();
  return { status, body: undefined };
}

async function bodyOf({ body }: Response, mostBytes: number): Promise<unknown> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > mostBytes) throw new AnswerError(`sent more than ${mostBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  try {
    return JSON.parse(text + decoder.decode());
  } catch (error) {
    throw new AnswerError(`sent no JSON: ${messageOf(error)}`, { cause: error });
  }
}
