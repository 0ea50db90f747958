/**
 * What a view with mounts can do: what any of its trees can. A tree that cannot refuses it by itself.
 *
 * @module
 */

import type { MountPlaces } from "./places.ts";
import { type VfsCapabilities, VfsError, type VirtualPath } from "../vfs.ts";
import { ROOT } from "../virtual_path.ts";

/** The capabilities of the trees at `places` together. */
export function mountedCapabilities(places: MountPlaces): VfsCapabilities {
  const all = places.trees.map(({ vfs }) => vfs.capabilities);
  const any = (name: keyof VfsCapabilities) => all.some((capabilities) => capabilities[name] !== undefined);
  return {
    ...(any("resume") && { resume: true }),
    ...(any("append") && { append: true }),
    // A promise about every upload; the others are abilities.
    ...(all.every(({ atomicWrites }) => atomicWrites) && { atomicWrites: true }),
    ...(any("links") && { links: true }),
    ...(any("reserve") && {
      reserve: async (path) => {
        if (places.isFixed(path)) throw new VfsError("exists", `Already exists: "${path}"`);
        const { extra, inner } = find(places, path, "reserve");
        return await extra(inner);
      },
    }),
    ...(any("setMode") && {
      setMode: async (path, mode) => {
        const { extra, inner } = find(places, path, "setMode");
        await extra(inner, mode);
      },
    }),
    ...(any("setModified") && {
      setModified: async (path, modified) => {
        const { extra, inner } = find(places, path, "setModified");
        await extra(inner, modified);
      },
    }),
    ...(any("space") && {
      space: async (path) => {
        const { extra, inner } = find(places, path, "space");
        try {
          return await extra(inner);
        } catch (error) {
          // A directory that exists only for mounts takes its space where it would be made.
          if (!places.isFixed(path) || !(error instanceof VfsError) || error.kind !== "notFound") throw error;
          return await extra(ROOT);
        }
      },
    }),
    ...(any("digests") && {
      digests: {
        find: (path, file, algorithm) => {
          const { tree, inner } = places.find(path);
          return tree.vfs.capabilities.digests?.find(inner, tree.identityOf(file), algorithm);
        },
        remember: (path, file, digests) => {
          const { tree, inner } = places.find(path);
          tree.vfs.capabilities.digests?.remember(inner, tree.identityOf(file), digests);
        },
      },
    }),
    ...(any("samePath") && { samePath: (path) => places.samePath(path) }),
    checkMove: (from, to) => places.checkMove(from, to),
  };
}

/** The capability of the tree that has `path`. @throws {VfsError} `unsupported`, if that tree lacks it. */
function find<Name extends keyof VfsCapabilities>(
  places: MountPlaces,
  path: VirtualPath,
  name: Name,
): { readonly extra: NonNullable<VfsCapabilities[Name]>; readonly inner: VirtualPath } {
  const { tree, inner } = places.find(path);
  const extra = tree.vfs.capabilities[name];
  if (extra === undefined) throw new VfsError("unsupported", `Not possible at "${path}": ${name}`);
  return { extra, inner };
}
