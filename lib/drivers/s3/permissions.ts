/**
 * What the runtime must permit for a root in an object store.
 *
 * @module
 */

import {
  bucketUrl,
  CREDENTIAL_VARIABLES,
  DEFAULT_REGION,
  IDENTITY_VARIABLES,
  parseRoot,
  type S3Options,
  stsEndpoint,
} from "./place.ts";

/** A permission, and what it is for. */
export interface S3Permission {
  readonly permission: Deno.PermissionDescriptor;
  readonly action: "connecting to" | "reading the credentials for";
}

/** @param use `isOpen`: the variables of the environment have been read, and are not read again. */
export function s3Permissions(
  root: string,
  options: S3Options,
  { isOpen }: { readonly isOpen: boolean },
): S3Permission[] {
  return [
    connecting(bucketUrl(parseRoot(root).bucket, options)),
    ...credentialPermissions(options, isOpen),
  ];
}

function connecting({ hostname, port, protocol }: URL): S3Permission {
  const host = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  return { permission: { name: "net", host }, action: "connecting to" };
}

function credentialPermissions({ credentials = "env", region = DEFAULT_REGION }: S3Options, isOpen: boolean) {
  const reading = (permission: Deno.PermissionDescriptor): S3Permission => ({
    permission,
    action: "reading the credentials for",
  });
  const variables = (names: readonly string[]) =>
    isOpen ? [] : names.map((variable) => reading({ name: "env", variable }));
  if (credentials === "env") return variables(CREDENTIAL_VARIABLES);
  if (credentials !== "web-identity") return [reading({ name: "read", path: credentials.file })];
  const [token, , endpoint] = IDENTITY_VARIABLES.map(known);
  return [
    ...variables(IDENTITY_VARIABLES),
    ...(token === undefined ? [] : [reading({ name: "read", path: token })]),
    ...(isOpen ? [] : [connecting(new URL(endpoint ?? stsEndpoint(region)))]),
  ];
}

/** The value of a variable that may be read already: where it names a file or a host, that is needed too. */
function known(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
