/** Images of container engines, as they are stated behind `image:`: `podman:NAME`, `docker:NAME`. Pure. */

/** Engines whose images are known here. */
export const engineNames = ["podman", "docker"] as const;

/** One of them. */
export type EngineName = (typeof engineNames)[number];

/** An image by its name. */
export interface EngineImage {
  readonly engine: EngineName;
  /** As its engine knows it. */
  readonly image: string;
}

/** Undefined for anything else, such as a path. */
export function parseEngineImage(text: string): EngineImage | undefined {
  const engine = engineNames.find((name) => text.startsWith(`${name}:`));
  return engine === undefined ? undefined : { engine, image: text.slice(engine.length + 1) };
}
