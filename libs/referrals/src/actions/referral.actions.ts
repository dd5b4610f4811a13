import type { Refusal } from '@cairn/kernel';
import { may } from '@cairn/platform';
import type { ReferralAct } from './referral-act.js';
import { canBeMended, objectionTo, type Outlook } from './referral-objections.js';
import type { ActRoute } from './referral-routes.service.js';

/** Something that this user may do now, and how to ask for it. */
export interface AvailableAction {
  readonly action: ReferralAct;
  readonly title: string;
  readonly method: ActRoute['method'];
  readonly href: string;
  /** The ETag that was read must be named as If-Match. */
  readonly needsIfMatch: boolean;
  /** The types that the body may have, and where its schema stands in the OpenAPI document; null where nothing is sent. */
  readonly body: { readonly contentTypes: readonly string[]; readonly schema: string } | null;
  /** Where the OpenAPI document describes the whole operation, with its parameters and refusals. */
  readonly describedBy: string;
}

/** Something that this user could do but for a reason that they or a colleague can mend. */
export interface BlockedAction extends AvailableAction {
  readonly because: Refusal;
}

/** What stands below the referral in the address of an act, and what is against doing it there. */
export interface Target {
  readonly id: string;
  readonly objection?: Refusal | undefined;
}

export interface Targets {
  /** Red flags that wait to be acknowledged. */
  readonly flag: readonly Target[];
  /** Referrals of which nobody has said yet whether they are this one. */
  readonly other: readonly Target[];
}

export interface Offer {
  readonly available: readonly AvailableAction[];
  readonly blocked: readonly BlockedAction[];
}

/** All that can be done with the referral through these routes, and what could be but for something that can be mended. */
export function offer(id: string, routes: readonly ActRoute[], outlook: Outlook, targets: Targets): Offer {
  const weighed = routes
    .filter(({ right }) => may(outlook.actor, right))
    .flatMap((route) => addresses(route, targets).map(({ path, objection }) => ({ action: actionAt(id, route, path), because: objectionTo(route.act, outlook) ?? objection })));
  return {
    available: weighed.flatMap(({ action, because }) => (because ? [] : [action])),
    blocked: weighed.flatMap(({ action, because }) => (because && canBeMended(because) ? [{ ...action, because }] : [])),
  };
}

/** The names of what can be done, for a list. */
export const offeredNames = (routes: readonly ActRoute[], outlook: Outlook, targets: Targets): ReferralAct[] =>
  routes.flatMap((route) => (may(outlook.actor, route.right) && !objectionTo(route.act, outlook) && addresses(route, targets).some(({ objection }) => !objection) ? [route.act] : []));

const partOf = ({ path }: ActRoute): keyof Targets | undefined => (path.includes('/:flag') ? 'flag' : path.includes('/:other') ? 'other' : undefined);

function addresses(route: ActRoute, targets: Targets): { readonly path: string; readonly objection?: Refusal | undefined }[] {
  const part = partOf(route);
  if (!part) return [{ path: route.path }];
  // What is against one target only concerns the moves: a person may always say that two referrals are separate.
  return targets[part].map((target) => ({ path: route.path.replace(`:${part}`, target.id), ...(route.act === 'dismiss-duplicate' ? {} : { objection: target.objection }) }));
}

const actionAt = (id: string, { act, title, method, needsIfMatch, takes, describedBy }: ActRoute, path: string): AvailableAction => ({
  action: act,
  title,
  method,
  href: `/api/v1/referrals/${id}${path}`,
  needsIfMatch,
  body: takes && { contentTypes: takes, schema: `${describedBy}/requestBody/content/${(takes[0] ?? '').replace('/', '~1')}/schema` },
  describedBy,
});
