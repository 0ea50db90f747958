/**
 * The files of the operator's console, as a browser asks for them. They are part of the program: no build step makes
 * them, nothing is fetched from elsewhere, and the executable contains them.
 *
 * @module
 */

import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import accounts from "./page/accounts.js" with { type: "text" };
import api from "./page/api.js" with { type: "text" };
import bans from "./page/bans.js" with { type: "text" };
import certificates from "./page/certificates.js" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import page from "./page/index.html" with { type: "text" };
import live from "./page/live.js" with { type: "text" };
import log from "./page/log.js" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import overview from "./page/overview.js" with { type: "text" };
import password from "./page/password.js" with { type: "text" };
import plot from "./page/plot.js" with { type: "text" };
import sessions from "./page/sessions.js" with { type: "text" };
import settings from "./page/settings.js" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import transfers from "./page/transfers.js" with { type: "text" };
import webhooks from "./page/webhooks.js" with { type: "text" };

/** A file of the console. */
export interface ConsoleAsset {
  /** The media type, with its charset. */
  readonly type: string;
  readonly body: string;
}

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const SVG = "image/svg+xml";

const script = (body: string): ConsoleAsset => ({ type: SCRIPT, body });

/** The files by their path below the root of the listener; the page itself is the empty path. */
export const CONSOLE_ASSETS: ReadonlyMap<string, ConsoleAsset> = new Map([
  ["", { type: HTML, body: page }],
  ["style.css", { type: CSS, body: style }],
  ["uplot.css", { type: CSS, body: uplotCss }],
  ["icon.svg", { type: SVG, body: icon }],
  ["uplot.js", script(uplot)],
  ["accounts.js", script(accounts)],
  ["api.js", script(api)],
  ["bans.js", script(bans)],
  ["certificates.js", script(certificates)],
  ["dom.js", script(dom)],
  ["format.js", script(format)],
  ["live.js", script(live)],
  ["log.js", script(log)],
  ["main.js", script(main)],
  ["overview.js", script(overview)],
  ["password.js", script(password)],
  ["plot.js", script(plot)],
  ["sessions.js", script(sessions)],
  ["settings.js", script(settings)],
  ["transfers.js", script(transfers)],
  ["webhooks.js", script(webhooks)],
]);

/**
 * What a page of the console may do: load and ask this listener, and nothing else. A script in a name that slipped
 * through would not run (Content Security Policy level 3).
 */
export const CONSOLE_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
