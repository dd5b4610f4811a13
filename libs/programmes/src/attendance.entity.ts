import { defineEntity, p } from '@mikro-orm/postgresql';

/** `excused`: called off beforehand; `missed`: the person did not come. */
export const ATTENDANCE_STATES = ['expected', 'attended', 'missed', 'excused'] as const;
export type AttendanceState = (typeof ATTENDANCE_STATES)[number];

const AttendanceSchema = defineEntity({
  name: 'Attendance',
  tableName: 'attendance',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    enrolmentId: p.uuid(),
    sessionId: p.uuid(),
    state: p.string().$type<AttendanceState>(),
    note: p.string().strictNullable(),
    version: p.integer().version(),
  },
});

/** One person at one session. */
export class Attendance extends AttendanceSchema.class {}
AttendanceSchema.setClass(Attendance);
