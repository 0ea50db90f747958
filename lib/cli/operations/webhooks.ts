/**
 * `--webhook` and `webhooks`: the services that are sent what happens, and what is checked about them.
 *
 * @module
 */

import type { EventStream } from "../../events.ts";
import { messageOf } from "../../net/message_of.ts";
import type { Endpoint } from "../../webhooks/endpoint.ts";
import { type Need, needRead, needUrl } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** The settings of webhooks. */
export type WebhookSettings = Pick<
  Settings,
  "webhook" | "webhookSecretFile" | "webhooks" | "webhookQueue" | "state" | "fsync"
>;

/** A service, and where its secret is. */
export interface SetEndpoint extends Endpoint {
  readonly secretFile: string;
}

/** Whether events are posted anywhere. */
export function hasWebhooks({ webhook, webhooks = [] }: WebhookSettings): boolean {
  return webhook !== undefined || webhooks.length > 0;
}

/** @throws {UsageError} naming what is missing, or given twice. */
export function checkWebhooks(settings: WebhookSettings): void {
  const endpoints = endpointsOf(settings);
  if (endpoints.length === 0) return;
  if (settings.state === undefined) {
    throw new UsageError(`Flag "--webhook" needs "--state DIR", where events are kept until they are delivered`);
  }
  const twice = endpoints.find(({ url }, index) => endpoints.findIndex((other) => other.url === url) !== index);
  if (twice) throw new UsageError(`The webhook "${twice.url}" is given twice: each URL can have one set of filters`);
}

/** All services. @throws {UsageError} for a flag without the file that it needs. */
export function endpointsOf({ webhook: urls = [], webhookSecretFile, webhooks = [] }: WebhookSettings): SetEndpoint[] {
  if (urls.length === 0) return [...webhooks];
  if (webhookSecretFile === undefined) {
    throw new UsageError(`Flag "--webhook" needs "--webhook-secret-file FILE", by which the service knows who posts`);
  }
  return [...urls.map((url) => ({ url, secretFile: webhookSecretFile })), ...webhooks];
}

/** The permissions to post, and to read the secrets; `--state` has those for the queue. */
export function webhookNeeds(settings: WebhookSettings): Need[] {
  return endpointsOf(settings).flatMap(({ url, secretFile }) => [
    needUrl(new URL(url), `posting events to ${new URL(url).origin}`),
    needRead(secretFile, `reading the secret "${secretFile}"`),
  ]);
}

/** The secret of each service, by its URL: the file without a line end at its end. @throws {UsageError} */
export async function readWebhookSecrets(settings: WebhookSettings): Promise<Map<string, Uint8Array>> {
  const secrets = new Map<string, Uint8Array>();
  for (const { url, secretFile } of endpointsOf(settings)) {
    let text: string;
    try {
      text = (await Deno.readTextFile(secretFile)).replace(/\r?\n$/, "");
    } catch (error) {
      throw new UsageError(`Cannot read the secret of a webhook in "${secretFile}": ${messageOf(error)}`);
    }
    if (text === "") throw new UsageError(`The secret of a webhook in "${secretFile}" is empty`);
    secrets.set(url, new TextEncoder().encode(text));
  }
  return secrets;
}

/** Puts what is in the files now into `secrets`; where one cannot be read, all stay as they are, and it is reported. */
export async function renewWebhookSecrets(
  settings: WebhookSettings,
  { secrets, early }: { readonly secrets: Map<string, Uint8Array>; readonly early: EventStream },
): Promise<void> {
  try {
    const found = [...await readWebhookSecrets(settings)];
    const changed = found.filter(([url, secret]) => secrets.get(url)?.toHex() !== secret.toHex());
    for (const [url, secret] of changed) secrets.set(url, secret);
    if (changed.length > 0) early.emit({ type: "notice", level: "info", message: "Reloaded the secrets of webhooks" });
  } catch (error) {
    const message = `${messageOf(error)}; keeping the current secrets`;
    early.emit({ type: "problem", level: "error", message });
  }
}
