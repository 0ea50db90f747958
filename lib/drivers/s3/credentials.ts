/**
 * The credentials for a store: from the environment, from a file in the form of Amazon's tools, or for the role of a
 * workload, by its token. No message has a secret in it.
 *
 * @module
 */

import { messageOf, messageOfFetch } from "../../net/message_of.ts";
import { present } from "../../net/present.ts";
import { CREDENTIAL_VARIABLES, DEFAULT_REGION, IDENTITY_VARIABLES, type S3Options, stsEndpoint } from "./place.ts";
import { parseXml, textOf, type XmlElement } from "./xml.ts";

/** What requests are signed with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Credentials, renewed where they end. */
export interface CredentialProvider {
  /** Those of now. Rejects with a message that says what is missing. */
  get(): Promise<Credentials>;
}

/** The credentials of `options`. Variables are read now, as the permission to do so is given up later. */
export function openCredentials({ credentials = "env", region = DEFAULT_REGION }: S3Options): CredentialProvider {
  if (credentials === "env") return fixed(fromEnvironment());
  if (credentials === "web-identity") return new WebIdentity(region);
  return new CredentialsFile(credentials.file);
}

function fixed(credentials: Credentials): CredentialProvider {
  return { get: () => Promise.resolve(credentials) };
}

function variable(name: string): string | undefined {
  return Deno.env.get(name)?.trim() || undefined;
}

function fromEnvironment(): Credentials {
  const [accessKeyId, secretAccessKey, sessionToken] = CREDENTIAL_VARIABLES.map(variable);
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return present<Credentials>({ accessKeyId, secretAccessKey, sessionToken });
  }
  throw new Error(
    "No credentials for the object store: set the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, " +
      "or name a file with --s3-credentials",
  );
}

/** `[default]` of a file such as `~/.aws/credentials`; read again when it has changed, as other tools renew it. */
class CredentialsFile implements CredentialProvider {
  readonly #path: string;
  #read: { readonly changed: number; readonly credentials: Credentials } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async get(): Promise<Credentials> {
    try {
      const { mtime } = await Deno.stat(this.#path);
      const changed = mtime?.getTime() ?? 0;
      if (this.#read?.changed !== changed) {
        this.#read = { changed, credentials: parseCredentials(await Deno.readTextFile(this.#path)) };
      }
      return this.#read.credentials;
    } catch (error) {
      const reason = error instanceof Deno.errors.NotFound ? "it does not exist" : messageOf(error);
      throw new Error(`Cannot read the credentials for the object store from "${this.#path}": ${reason}`);
    }
  }
}

/**
 * The section `[default]`, or all of a file without sections.
 *
 * @throws {Error} naming the fields.
 */
export function parseCredentials(text: string): Credentials {
  const fields = new Map<string, string>();
  let section = "default";
  for (const line of text.split(/\r?\n/)) {
    const [, title] = /^\s*\[\s*(?:profile\s+)?([^\]]*?)\s*\]\s*$/.exec(line) ?? [];
    if (title !== undefined) section = title;
    const [, name = "", value = ""] = /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === "default" && name !== "") fields.set(name.toLowerCase(), value);
  }
  const [accessKeyId, secretAccessKey] = [fields.get("aws_access_key_id"), fields.get("aws_secret_access_key")];
  if (accessKeyId && secretAccessKey) {
    return present<Credentials>({
      accessKeyId,
      secretAccessKey,
      sessionToken: fields.get("aws_session_token") || undefined,
    });
  }
  throw new Error("it has no aws_access_key_id and aws_secret_access_key in [default]");
}

/** Milliseconds before their end at which credentials are renewed. */
const AHEAD = 300_000;

/** AssumeRoleWithWebIdentity (AWS Security Token Service): the token in a file is exchanged for credentials. */
class WebIdentity implements CredentialProvider {
  readonly #tokenFile: string;
  readonly #role: string;
  readonly #endpoint: string;
  #current: { readonly credentials: Credentials; readonly until: number } | undefined;
  #renewing: Promise<Credentials> | undefined;

  constructor(region: string) {
    const [tokenFile, role, endpoint] = IDENTITY_VARIABLES.map(variable);
    if (tokenFile === undefined || role === undefined) {
      throw new Error("No web identity for the object store: set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN");
    }
    this.#tokenFile = tokenFile;
    this.#role = role;
    this.#endpoint = endpoint ?? stsEndpoint(region);
  }

  async get(): Promise<Credentials> {
    if (this.#current && Date.now() < this.#current.until - AHEAD) return this.#current.credentials;
    this.#renewing ??= this.#renew().finally(() => this.#renewing = undefined);
    return await this.#renewing;
  }

  async #renew(): Promise<Credentials> {
    try {
      const body = new URLSearchParams({
        Action: "AssumeRoleWithWebIdentity",
        Version: "2011-06-15",
        RoleArn: this.#role,
        RoleSessionName: "denoftpd",
        WebIdentityToken: (await Deno.readTextFile(this.#tokenFile)).trim(),
      });
      const response = await fetch(this.#endpoint, {
        method: "POST",
        body,
        signal: AbortSignal.timeout(TIME_TO_RENEW),
      });
      const answer = parseXml(await response.text());
      const found = response.ok ? findElement(answer, "Credentials") : undefined;
      const [accessKeyId, secretAccessKey, sessionToken, expiration] = FIELDS.map((name) => textOf(found, name));
      if (!accessKeyId || !secretAccessKey) {
        throw new Error(textOf(findElement(answer, "Error"), "Code") ?? `answer ${response.status}`);
      }
      const credentials = present<Credentials>({ accessKeyId, secretAccessKey, sessionToken });
      this.#current = { credentials, until: Date.parse(expiration ?? "") || Date.now() + SHORTEST_LIFE };
      return credentials;
    } catch (error) {
      // Those of now may still be good for some minutes.
      if (this.#current && Date.now() < this.#current.until) return this.#current.credentials;
      throw new Error(`Cannot get credentials for the role of this workload: ${messageOfFetch(error)}`);
    }
  }
}

const FIELDS = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] as const;
const TIME_TO_RENEW = 10_000;
/** Milliseconds that every role's credentials last at least: 15 minutes. */
const SHORTEST_LIFE = 900_000;

function findElement(element: XmlElement | undefined, name: string): XmlElement | undefined {
  if (!element || element.name === name) return element;
  for (const child of element.children) {
    const found = findElement(child, name);
    if (found) return found;
  }
  return undefined;
}
