import { describe, expect, it } from '@jest/globals';
import { CairnError } from '@cairn/kernel';
import { advance, beginCourse, type Course, type Situation } from './referral.course.js';
import { DIALECTS, asksForCancellation, businessStatusCoding, faceKey, faceOf, isLegalStep, pathTo, type Face } from './referral.dialect.js';
import { REFERRAL_EVENTS } from './referral.workflow.js';

const start = new Date('2026-03-02T09:00:00Z');
const WINDOW = 120_000;
const later = new Date(start.getTime() + WINDOW);
const party = (by: Situation['by']): Situation => ({ by, mayTriage: true, isClinician: true, openHardStops: 0, suspectedDuplicates: 1 });
const clinic = party('clinic');
const parties = [clinic, party('requester'), party('cairn')];

const fingerprint = (course: Course): string =>
  [course.state, course.decisionDueAt !== null, course.acceptedAt !== null, course.firstSeenAt !== null, course.rebookReason, course.settledAt !== null].join(' ');

/** Every course that can come about, each with one step that leads on from it: the machine walked to its ends, by all parties, inside and after the undo window. */
function everyStep(): { from: Course; to: Course; event: string }[] {
  const first = beginCourse(start, start, true);
  const known = new Map([[fingerprint(first), first]]);
  const steps: { from: Course; to: Course; event: string }[] = [];
  for (const from of known.values()) {
    for (const event of REFERRAL_EVENTS) {
      for (const situation of parties) {
        for (const now of [start, later]) {
          try {
            const to = advance(from, event, situation, now, WINDOW);
            steps.push({ from, to, event });
            if (!known.has(fingerprint(to))) known.set(fingerprint(to), { ...to, decisionDueAt: to.decisionDueAt && later });
          } catch (error) {
            if (!(error instanceof CairnError)) throw error;
          }
        }
      }
    }
  }
  return steps;
}

const steps = everyStep();

describe.each(DIALECTS)('the dialect %s', (dialect) => {
  it('knows every step of the machine, through stations where it asks for them', () => {
    for (const { from, to, event } of steps) {
      const [before, after] = [faceOf(dialect, faceKey(from)), faceOf(dialect, faceKey(to))];
      const path = pathTo(dialect, before, after);
      expect([from.state, event, to.state, path?.length]).toEqual([from.state, event, to.state, expect.any(Number)]);
      let at: Face = before;
      for (const next of path ?? []) {
        expect(isLegalStep(dialect, at, next)).toBe(true);
        at = { ...next, businessStatus: next.businessStatus ?? at.businessStatus };
      }
      expect(at.status).toBe(after.status);
    }
  });

  it('never lets a finished Task move again, except to say that it was an error', () => {
    for (const { from, to } of steps) {
      const [before, after] = [faceOf(dialect, faceKey(from)), faceOf(dialect, faceKey(to))];
      if (['rejected', 'cancelled', 'completed', 'failed'].includes(before.status)) expect([before.status, 'entered-in-error']).toContain(after.status);
    }
  });

  it('brings a Task that arrives late, as requested, to every state', () => {
    for (const { to } of steps) expect(pathTo(dialect, { status: 'requested' }, faceOf(dialect, faceKey(to)))).toBeDefined();
  });

  it('has a display for every business status it uses', () => {
    for (const { to } of steps) {
      const face = faceOf(dialect, faceKey(to));
      if (face.businessStatus !== undefined) expect(businessStatusCoding(dialect, face)).toMatchObject({ code: face.businessStatus });
    }
  });
});

describe('what the dialects ask for', () => {
  it('shows no decision while it can be undone', () => {
    const triage = advance(beginCourse(start, start, true), 'open-triage', clinic, start, WINDOW);
    for (const event of ['accept', 'decline', 'redirect'] as const) {
      expect(faceKey(advance(triage, event, clinic, start, WINDOW))).toBe('in-triage');
    }
  });

  it('uses received in BSeR and never in SDOHCC', () => {
    expect(faceOf('bser-stu2', 'received')).toEqual({ status: 'received', businessStatus: '2.0' });
    for (const { to } of steps) expect(faceOf('sdohcc', faceKey(to)).status).not.toBe('received');
  });

  it('passes through 5.2 when the referrer cancels before acceptance in BSeR STU2, and 5.4 in STU1', () => {
    expect(pathTo('bser-stu2', { status: 'received', businessStatus: '2.0' }, faceOf('bser-stu2', 'withdrawn'))).toEqual([
      { status: 'in-progress', businessStatus: '5.2' },
      { status: 'cancelled', businessStatus: '6.0' },
    ]);
    expect(pathTo('bser-stu1', { status: 'received', businessStatus: '2.0' }, faceOf('bser-stu1', 'withdrawn'))?.[0]).toEqual({ status: 'in-progress', businessStatus: '5.4' });
  });

  it('refuses to step back', () => {
    expect(pathTo('plain', { status: 'in-progress' }, { status: 'accepted' })).toBeUndefined();
    expect(pathTo('bser-stu2', { status: 'completed', businessStatus: '7.0' }, { status: 'received', businessStatus: '2.0' })).toBeUndefined();
  });

  it('knows how a requester asks to cancel', () => {
    expect(asksForCancellation('sdohcc', { status: 'cancelled' })).toBe(true);
    expect(asksForCancellation('bser-stu2', { status: 'in-progress', businessStatus: '5.2' })).toBe(true);
    expect(asksForCancellation('bser-stu2', { status: 'in-progress', businessStatus: '5.1.1' })).toBe(false);
    expect(asksForCancellation('plain', { status: 'accepted' })).toBe(false);
  });
});
