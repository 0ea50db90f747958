/**
 * Several machines in one: network namespaces that are joined by a bridge, or, where those may not be made, addresses
 * of loopback. Nothing of either reaches beyond this machine, nor changes the network that it is in.
 *
 * @module
 */

/** Where programs run. */
export interface Place {
  /** Its IPv4 address. */
  readonly address: string;
  /** The words before a command line that run it there. */
  readonly within: readonly string[];
}

/** The machines of a simulation. */
export interface Places {
  /** What they are made of, for a report. */
  readonly kind: string;
  /** Where the balancer listens, and what its own connections come from. */
  readonly balancer: { readonly address: string; readonly from: string };
  /** Of what the nodes share. */
  readonly hub: Place;
  readonly nodes: readonly Place[];
  readonly clients: Place;
}

/** Addresses of loopback: HAProxy, and whatever else the nodes share, are known to them as 127.0.0.1. */
export function loopbackPlaces(nodes: number): Places {
  const place = (address: string) => ({ address, within: [] });
  return {
    kind: "addresses of loopback",
    balancer: { address: "127.0.2.1", from: "127.0.0.1" },
    hub: place("127.0.0.1"),
    nodes: Array.from({ length: nodes }, (_, index) => place(`127.0.1.${index + 1}`)),
    clients: place("127.0.3.1"),
  };
}

/** Of the network between the namespaces. */
const NETWORK = "10.118.0";

/**
 * Network namespaces, one for each machine. What measures them is to run in that of the hub, which has the bridge.
 * Disposing of them removes them, once the programs in them have ended.
 */
export class Namespaces implements AsyncDisposable {
  readonly places: Places;
  readonly #names: readonly string[];

  private constructor(places: Places, names: readonly string[]) {
    this.places = places;
    this.#names = names;
  }

  /** `undefined` where they may not be made, or there is no `ip`. */
  static async make(nodes: number): Promise<Namespaces | undefined> {
    const prefix = `denoftpd-${Deno.pid}`;
    const names = ["hub", ...Array.from({ length: nodes }, (_, index) => `node${index + 1}`), "clients"]
      .map((name) => `${prefix}-${name}`);
    const [hub = "", ...others] = names;
    const places = names.map((name, index) => ({
      address: `${NETWORK}.${index + 1}`,
      within: ["ip", "netns", "exec", name],
    }));
    const [hubPlace, clients] = [places.at(0), places.at(-1)];
    if (!hubPlace || !clients) return undefined;
    const made = new Namespaces({
      kind: "network namespaces on a bridge",
      balancer: { address: hubPlace.address, from: hubPlace.address },
      ...{ hub: hubPlace, nodes: places.slice(1, -1), clients },
    }, names);
    try {
      for (const name of names) await ip("netns", "add", name);
      for (const name of names) await ip("-n", name, "link", "set", "lo", "up");
      await ip("-n", hub, "link", "add", "bridge", "type", "bridge");
      await ip("-n", hub, "address", "add", `${hubPlace.address}/24`, "dev", "bridge");
      await ip("-n", hub, "link", "set", "bridge", "up");
      for (const [index, name] of others.entries()) {
        const [port, { address }] = [`port${index}`, places[index + 1] ?? hubPlace];
        await ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", hub);
        await ip("-n", hub, "link", "set", port, "master", "bridge", "up");
        await ip("-n", name, "address", "add", `${address}/24`, "dev", "eth0");
        await ip("-n", name, "link", "set", "eth0", "up");
      }
      return made;
    } catch {
      await made[Symbol.asyncDispose]();
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Those that were not made yet cannot be removed.
    for (const name of this.#names) await ip("netns", "delete", name).catch(() => {});
  }
}

async function ip(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", { args: [...args], stdin: "null", stdout: "null" }).output();
  if (!success) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
