import { describe, expect, it } from '@jest/globals';
import { CairnError } from '@cairn/kernel';
import fc from 'fast-check';
import { advance, beginCourse, clocks, targetDate, type Course, type Situation } from './referral.course.js';
import { DIALECTS, faceKey, faceOf, pathTo } from './referral.dialect.js';
import { REFERRAL_EVENTS, REFERRAL_STATES } from './referral.workflow.js';

const at = (minutes: number): Date => new Date(Date.parse('2026-03-02T09:00:00Z') + minutes * 60_000);
const clinic: Situation = { by: 'clinic', mayTriage: true, isClinician: true, openHardStops: 0, suspectedDuplicates: 1 };
const DAY = 24 * 60;

const situation = fc.record<Situation>({
  by: fc.constantFrom('requester', 'clinic', 'cairn'),
  mayTriage: fc.boolean(),
  isClinician: fc.boolean(),
  openHardStops: fc.constantFrom(0, 0, 0, 1),
  suspectedDuplicates: fc.constantFrom(0, 1),
});
const act = fc.record({ event: fc.constantFrom(...REFERRAL_EVENTS), situation, minutes: fc.integer({ min: 0, max: 5 }), twice: fc.boolean() });

describe('the course of a referral', () => {
  it('stays legal, logs every move and never steps back on its Task, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 1, maxLength: 60 }), fc.constantFrom(...DIALECTS), fc.constantFrom(0, 2 * 60_000), (acts, dialect, undoWindowMs) => {
        let course: Course = beginCourse(at(0), at(0), false);
        const log: { from: string; to: string }[] = [];
        let minutes = 0;
        for (const { event, situation: who, minutes: passed, twice } of acts) {
          minutes += passed;
          for (let time = 0; time <= Number(twice); time += 1) {
            let next: Course;
            try {
              next = advance(course, event, who, at(minutes), undoWindowMs);
            } catch (error) {
              expect(error).toBeInstanceOf(CairnError);
              expect(error).toMatchObject({ kind: 'conflict', code: expect.stringMatching(/^referral\./) });
              continue;
            }
            expect(pathTo(dialect, faceOf(dialect, faceKey(course)), faceOf(dialect, faceKey(next)))).toBeDefined();
            log.push({ from: course.state, to: next.state });
            course = next;
          }
        }
        expect(REFERRAL_STATES).toContain(course.state);
        expect(log.every((entry, index) => entry.from === (log[index - 1]?.to ?? 'received'))).toBe(true);
        expect(log.at(-1)?.to ?? 'received').toBe(course.state);
        if (course.decisionDueAt) expect(['accepted', 'declined', 'redirected']).toContain(course.state);
        if (course.settledAt) expect(course.decisionDueAt).toBeNull();
        const { sinceReceipt, adjusted } = clocks(course, at(minutes));
        expect(adjusted === null || adjusted <= sinceReceipt).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('starts the adjusted clock when complete, pauses it while information is asked for and stops both when first seen', () => {
    let course = beginCourse(at(0), at(0), true);
    course = advance(course, 'open-triage', clinic, at(DAY), 0);
    course = advance(course, 'request-information', clinic, at(2 * DAY), 0);
    expect(clocks(course, at(5 * DAY))).toEqual({ sinceReceipt: 5, adjusted: 2 });
    course = advance(course, 'provide-information', { ...clinic, by: 'requester' }, at(6 * DAY), 0);
    expect(targetDate(course, 30)).toEqual(at(34 * DAY));
    course = advance(course, 'accept', clinic, at(7 * DAY), 0);
    course = advance(course, 'take-effect', { ...clinic, by: 'cairn' }, at(7 * DAY), 0);
    course = advance(course, 'book', clinic, at(8 * DAY), 0);
    course = advance(course, 'attend', clinic, at(20 * DAY), 0);
    expect(clocks(course, at(100 * DAY))).toEqual({ sinceReceipt: 20, adjusted: 16 });
  });

  it('starts the adjusted clock at the decision at the latest', () => {
    let course = advance(beginCourse(at(0), at(0), false), 'open-triage', clinic, at(10), 0);
    expect(clocks(course, at(DAY)).adjusted).toBeNull();
    course = advance(course, 'accept', clinic, at(3 * DAY), 0);
    expect(clocks(course, at(5 * DAY)).adjusted).toBe(2);
  });

  it('settles a redirection when it is confirmed, and a decline when it takes effect', () => {
    const triage = advance(beginCourse(at(0), at(0), true), 'open-triage', clinic, at(1), 0);
    const declined = advance(triage, 'decline', clinic, at(2), 120_000);
    expect(declined.settledAt).toBeNull();
    expect(advance(declined, 'take-effect', { ...clinic, by: 'cairn' }, at(4), 0).settledAt).toEqual(at(4));
    const redirected = advance(advance(triage, 'redirect', clinic, at(2), 0), 'take-effect', { ...clinic, by: 'cairn' }, at(2), 0);
    expect(redirected.settledAt).toBeNull();
    expect(advance(redirected, 'confirm-redirection', clinic, at(9), 0)).toMatchObject({ state: 'redirected', settledAt: at(9) });
  });
});
