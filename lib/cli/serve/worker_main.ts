/**
 * The module of workers of `serve`.
 *
 * @module
 */

import { workerScope } from "../../threads/scope.ts";
import { serveAsWorker } from "./worker.ts";

const scope = workerScope();
if (scope) await serveAsWorker(scope);
