/**
 * A module for workers of `serve` that is nothing else. The executable has no such file: there the program itself is that module.
 *
 * @module
 */

import { workerScope } from "../workers/scope.ts";
import { serveAsWorker } from "./serve_worker.ts";

const scope = workerScope();
if (scope) serveAsWorker(scope);
