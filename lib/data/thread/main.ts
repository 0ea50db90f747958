/**
 * The module of data threads: it loads nothing of the server but what moves bytes.
 *
 * @module
 */

import { workerScope } from "../../threads/scope.ts";
import { serveData } from "./serve.ts";

const scope = workerScope();
if (scope) await serveData(scope);
