import type { OpenWork } from '@cairn/platform';
import { NEXT_STEP } from './letter.fhir.js';
import { LETTER_STATES } from './letter.workflow.js';

const nextStep = LETTER_STATES.map((state) => `when '${state}' then '${NEXT_STEP[state].replaceAll("'", "''")}'`).join(' ');
/** Cairn takes its own steps within seconds; a letter that it has left lying for an hour is nobody's. */
const CAIRNS_OWN = "interval '1 hour'";

/** Letters that have not reached the referrer: coordinators call or post, Cairn mails. Past its time a letter is nobody's, so that it is named. */
export const openLetters: OpenWork = {
  kind: 'letter',
  sql: `select id::text, case when state in ('to-call', 'to-post') and due_at > $2 then 'Coordinators' when state not in ('to-call', 'to-post') and due_at > $2::timestamptz - ${CAIRNS_OWN} then 'Cairn' end as owner,
    case state ${nextStep} end as next_action, due_at from referrer_letter where clinic_id = $1 and state <> 'delivered'`,
};
