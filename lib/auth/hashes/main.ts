/**
 * The module of threads that check passwords: it loads nothing else of the server.
 *
 * @module
 */

import { workerScope } from "../../threads/scope.ts";
import { servePasswords } from "./thread.ts";

const scope = workerScope();
if (scope) servePasswords(scope);
