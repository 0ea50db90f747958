/**
 * Our own server, as the settings of `serve` describe it: what `--self` means.
 *
 * @module
 */

import { bracketed, isUnspecified } from "../../net/ip.ts";
import { type FtpUrl, parseFtpUrl } from "../../agent/site/url.ts";
import type { Flag, GivenFlags } from "../flags.ts";
import { readSettings } from "../settings/read.ts";
import { processSources } from "../settings/sources.ts";
import { UsageError } from "../usage_error.ts";

/** The address at which the settings of `serve` say that clients reach it. @throws {UsageError} */
export async function ownUrl(given: GivenFlags<Flag>): Promise<FtpUrl> {
  if (given.rest.length > 0) throw new UsageError('Flag "--self" and a URL exclude each other');
  const config = given.text("config");
  const settings = await readSettings(config === undefined ? [] : [`--config=${config}`], processSources);
  if (settings.port === 0) {
    throw new UsageError('The port of "serve" is 0, any free one: give its URL instead of --self');
  }
  const host = settings.passiveAddress ?? (isUnspecified(settings.host) ? "127.0.0.1" : settings.host);
  const user = given.text("user");
  return { ...parseFtpUrl(`ftp://${bracketed(host)}:${settings.port}/`), ...(user !== undefined && { user }) };
}
