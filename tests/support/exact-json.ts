import { parse } from 'lossless-json';

/**
 * A JSON value with every number as the digits it was written in, so that 1.0 and 1.00 differ; the order of an object's members does not
 * matter. Refuses what is no JSON.
 */
export const exactJson = (text: string): unknown => parse(text);

/** The resource without what every server gives anew: `meta.versionId` and `meta.lastUpdated`. */
export function withoutVersion(resource: unknown): Record<string, unknown> {
  const { meta, ...rest } = resource as { meta?: Record<string, unknown> };
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta ?? {};
  return { ...rest, ...(Object.keys(kept).length > 0 ? { meta: kept } : {}) };
}
