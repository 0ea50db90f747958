/**
 * The module of data threads: it loads only the part of the server that transfers bytes.
 *
 * @module
 */

import { workerScope } from "../../threads/scope.ts";
import { serveData } from "./serve.ts";

const scope = workerScope();
if (scope) await serveData(scope);
