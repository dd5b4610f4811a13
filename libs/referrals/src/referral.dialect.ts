import { z } from 'zod';
import data from './referral.dialects.json' with { type: 'json' };
import type { Course } from './referral.course.js';
import { REFERRAL_STATES, type ReferralState } from './referral.workflow.js';

export const DIALECTS = ['plain', 'sdohcc', 'bser-stu2', 'bser-stu1'] as const;
/** The manner in which a connection reads the Task of a referral. */
export type Dialect = (typeof DIALECTS)[number];

const TASK_STATUSES = ['draft', 'requested', 'received', 'accepted', 'rejected', 'ready', 'cancelled', 'in-progress', 'on-hold', 'failed', 'completed', 'entered-in-error'] as const;
type TaskStatus = (typeof TASK_STATUSES)[number];

/** What the Task shows: a state of the referral, told apart where a dialect sees a difference. */
export type FaceKey = Exclude<ReferralState, 'to-rebook'> | 'in-triage-again' | 'to-rebook-after-no-show' | 'to-rebook-after-cancellation';
const FACE_KEYS: readonly FaceKey[] = [...REFERRAL_STATES.filter((state) => state !== 'to-rebook'), 'in-triage-again', 'to-rebook-after-no-show', 'to-rebook-after-cancellation'];

/** Task.status with the dialect's own code for businessStatus, where it has one for the state. */
export interface Face {
  readonly status: TaskStatus;
  readonly businessStatus?: string | undefined;
}

const face = z.strictObject({ status: z.enum(TASK_STATUSES), businessStatus: z.string().optional() });
const sourced = { verified: z.boolean(), source: z.string() };
const dialectTable = z.object({
  version: z.string(),
  localStates: z.string(),
  words: z.record(z.enum(FACE_KEYS), z.string()),
  statusGraphs: z.record(z.string(), z.strictObject({ edges: z.array(z.tuple([z.enum(TASK_STATUSES), z.enum(TASK_STATUSES)])), anyTo: z.enum(TASK_STATUSES), ...sourced })),
  dialects: z.record(
    z.enum(DIALECTS),
    z.strictObject({
      statusGraph: z.string(),
      businessStatus: z.strictObject({ system: z.url(), codes: z.record(z.string(), z.string()), edges: z.array(z.tuple([z.string(), z.string()])), ...sourced }).nullable(),
      requesterMayCancelBy: z.array(face),
      faces: z.record(z.enum(FACE_KEYS), face),
    }),
  ),
});

const table = dialectTable.parse(data);

/** Code system of Cairn's own states, as they stand beside a dialect's code in Task.businessStatus. */
export const LOCAL_STATES = table.localStates;

/** What a face means, in the words that a referrer reads. */
export const wordsFor = (key: FaceKey): string => table.words[key];

/** What the referrer may know of the course: a decision that can still be undone has not happened for them. */
export function faceKey(course: Pick<Course, 'state' | 'decisionDueAt' | 'acceptedAt' | 'rebookReason'>): FaceKey {
  const state = course.decisionDueAt === null ? course.state : 'in-triage';
  if (state === 'in-triage' && course.acceptedAt !== null) return 'in-triage-again';
  if (state === 'to-rebook') return course.rebookReason === 'no-show' ? 'to-rebook-after-no-show' : 'to-rebook-after-cancellation';
  return state;
}

/** The face of a state in a dialect. */
export const faceOf = (dialect: Dialect, key: FaceKey): Face => table.dialects[dialect].faces[key];

/** The dialect's code for businessStatus, as a coding; undefined where the face or the dialect has none. */
export function businessStatusCoding(dialect: Dialect, { businessStatus: code }: Face): { system: string; code: string; display: string } | undefined {
  const system = table.dialects[dialect].businessStatus;
  const display = code === undefined ? undefined : system?.codes[code];
  return system && code !== undefined && display !== undefined ? { system: system.system, code, display } : undefined;
}

/** Whether the dialect knows the step, in Task.status and in its businessStatus. Staying where one is is always known. A face without a businessStatus keeps the last one in force. */
export function isLegalStep(dialect: Dialect, from: Face, to: Face): boolean {
  const { statusGraph, businessStatus } = table.dialects[dialect];
  const statuses = table.statusGraphs[statusGraph];
  if (!statuses) throw new Error(`The dialect ${dialect} names no graph of statuses.`);
  const statusKnown = from.status === to.status || to.status === statuses.anyTo || statuses.edges.some(([a, b]) => a === from.status && b === to.status);
  const businessKnown =
    from.businessStatus === undefined ||
    to.businessStatus === undefined ||
    from.businessStatus === to.businessStatus ||
    (businessStatus?.edges.some(([a, b]) => a === from.businessStatus && b === to.businessStatus) ?? false);
  return statusKnown && businessKnown;
}

/**
 * The faces to write, one after the other, to bring a Task from where it is to where it belongs: nothing when it is there, one step as a rule, more where the
 * dialect asks for a station between (a Task that arrives late; a cancellation before acceptance in BSeR). Undefined when no legal path leads there.
 */
export function pathTo(dialect: Dialect, from: Face, to: Face): Face[] | undefined {
  const stations = Object.values(table.dialects[dialect].faces).filter((station) => station.status !== 'entered-in-error');
  const queue: { at: Face; path: Face[] }[] = [{ at: from, path: [] }];
  const seen = new Set<string>([keyOf(from)]);
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { at, path } = next;
    if (isLegalStep(dialect, at, to)) return sameFace(at, to) ? path : [...path, to];
    for (const station of stations) {
      if (seen.has(keyOf(station)) || !isLegalStep(dialect, at, station)) continue;
      seen.add(keyOf(station));
      queue.push({ at: { ...station, businessStatus: station.businessStatus ?? at.businessStatus }, path: [...path, station] });
    }
  }
  return undefined;
}

const keyOf = ({ status, businessStatus = '' }: Face): string => `${status} ${businessStatus}`;
const sameFace = (a: Face, b: Face): boolean => a.status === b.status && (b.businessStatus === undefined || a.businessStatus === b.businessStatus);

/** Whether, in this dialect, a requester who sets the Task so asks for the referral to be cancelled. */
export const asksForCancellation = (dialect: Dialect, asked: Face): boolean =>
  table.dialects[dialect].requesterMayCancelBy.some(
    (way) => way.status === asked.status && (way.businessStatus === undefined || way.businessStatus === asked.businessStatus),
  );
