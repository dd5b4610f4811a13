import { membersOf, type Member } from './json-parts.js';

/** What the server says about a version of a resource. */
export interface VersionStamp {
  readonly id: string;
  readonly versionId: number;
  readonly lastUpdated: Date;
}

/**
 * The resource's JSON with `id`, `meta.versionId` and `meta.lastUpdated` set, and everything else as it was written: where these stood
 * they are replaced in place, where they were missing they follow `resourceType` (and `id`).
 */
export function stampResource(json: string, stamp: VersionStamp): string {
  const members = membersOf(json);
  const type = members.find(({ key }) => key === 'resourceType');
  const id = members.find(({ key }) => key === 'id');
  const meta = members.find(({ key }) => key === 'meta');
  const idText = `"id":${JSON.stringify(stamp.id)}`;
  const metaText = `"meta":${stampMeta(json, meta, stamp)}`;

  const edits: Edit[] = [];
  const anchor = id ?? type;
  const missing: string[] = [];
  if (id) edits.push({ start: id.start, end: id.end, text: idText });
  else missing.push(idText);
  if (meta) edits.push({ start: meta.start, end: meta.end, text: metaText });
  else missing.push(metaText);
  if (missing.length > 0) {
    if (anchor) edits.push({ start: anchor.end, end: anchor.end, text: `,${missing.join(',')}` });
    else edits.push({ start: 1, end: 1, text: `${missing.join(',')}${members.length > 0 ? ',' : ''}` });
  }
  return applyEdits(json, edits);
}

/** The same for the value that was read from the JSON. */
export function stampValue(value: Readonly<Record<string, unknown>>, { id, versionId, lastUpdated }: VersionStamp): object {
  const meta = typeof value['meta'] === 'object' ? value['meta'] : {};
  return { ...value, id, meta: { ...meta, versionId: String(versionId), lastUpdated: lastUpdated.toISOString() } };
}

function stampMeta(json: string, meta: Member | undefined, stamp: VersionStamp): string {
  const own = `"versionId":"${stamp.versionId}","lastUpdated":"${stamp.lastUpdated.toISOString()}"`;
  if (!meta || json[meta.valueStart] !== '{') return `{${own}}`;
  const rest = membersOf(json, meta.valueStart)
    .filter(({ key }) => key !== 'versionId' && key !== 'lastUpdated')
    .map(({ start, end }) => json.slice(start, end));
  return `{${[own, ...rest].join(',')}}`;
}

/** A stretch of text to be replaced. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with all edits made. Edits must not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
