/**
 * From the settings of `serve` to the options of a server.
 *
 * @module
 */

import type { AccountsStore } from "../../auth/accounts.ts";
import { type AuthenticatorOptions, PasswordAuthenticator } from "../../auth/authenticator.ts";
import type { RememberingBackend } from "../../auth/remote/backend.ts";
import { ChainAuthenticator } from "../../auth/remote/chain.ts";
import type { DataEngine } from "../../data/engine.ts";
import { LocalEngine } from "../../data/local_engine.ts";
import { ThreadEngine } from "../../data/thread/engine.ts";
import type { DataThreads } from "../../data/thread/pool.ts";
import type { NativeIo } from "../../native/native_io.ts";
import type { ServerOptions } from "../../options.ts";
import { resolveOptions } from "../../options/resolve.ts";
import { type MakeSharedState, nodePrefix } from "../../options/shared_state.ts";
import { localState } from "../../session/shared_state.ts";
import { DriverRegistry, standardDrivers } from "../../drivers/registry.ts";
import { present } from "../../net/present.ts";
import { ObjectStores } from "../storage/object_stores.ts";
import { requireGrants } from "../permissions/query.ts";
import { accountNeeds } from "../permissions/needs.ts";
import { SETTING_NAMES, SETTINGS, type Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** Returns `options`. @throws {UsageError} for an invalid option. */
export function checkOptions(options: ServerOptions): ServerOptions {
  try {
    resolveOptions(options);
    return options;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

const OPTION_NAMES = SETTING_NAMES.filter((name) => SETTINGS[name].isOption);

/** The parts of a server besides its settings. */
export interface ServerParts {
  /** Asked about accounts that the file lacks. Default: none. */
  readonly backends?: readonly RememberingBackend[];
  /** For checking passwords. */
  readonly login?: AuthenticatorOptions;
  readonly native?: NativeIo | undefined;
  readonly dataThreads?: DataThreads | undefined;
}

/** The options from the settings, except for TLS and for what several workers need. */
export function serverOptions(
  settings: Settings,
  accounts: AccountsStore,
  { login = {}, backends = [], native, dataThreads }: ServerParts = {},
): ServerOptions {
  const { symlinks, fsync } = settings;
  const disk = { symlinks, fsync, ...present({ readDirectory: native?.readDirectory, paths: native?.paths }) };
  const drivers = new DriverRegistry([...standardDrivers({ disk }), ObjectStores.of(settings).driver]);
  const authenticator = new PasswordAuthenticator(accounts, login);
  return {
    // `option()` of the table has checked that the types are those of the options.
    ...Object.fromEntries(
      OPTION_NAMES.map((name) => [name, settings[name]]).filter(([, value]) => value !== undefined),
    ),
    authenticator: backends.length === 0
      ? authenticator
      : new ChainAuthenticator({ accounts, authenticator, backends }),
    fileSystem: (account) => {
      // An account that came with a reload: the runtime would stop and prompt.
      requireGrants(accountNeeds([account], settings));
      return drivers.open(account.rootPath);
    },
    dataEngine: dataEngineOf({ native, dataThreads }),
    ...(native && { prepareListener: native.prepareListener }),
    ...(settings.node !== undefined && { sharedState: stateOfNode(settings.node) }),
  };
}

/** Its sessions have ids that no other node uses. */
function stateOfNode(node: string): MakeSharedState {
  return (settings) => ({ ...localState(settings), idPrefix: nodePrefix(node) });
}

function dataEngineOf({ native, dataThreads }: ServerParts): DataEngine {
  const local = native?.dataEngine ?? new LocalEngine();
  return dataThreads ? new ThreadEngine({ threads: dataThreads, local }) : local;
}
