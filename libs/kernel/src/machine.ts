import { conflict, type CairnError } from './errors.js';

/** Why a guard said no: the rule's name, for programs and tests, and a sentence for the person. */
export interface Refusal {
  readonly rule: string;
  readonly message: string;
}

export interface Transition<State extends string, Event extends string, Facts> {
  readonly from: State | readonly State[];
  readonly event: Event;
  readonly to: State;
  /** Looks at the facts and returns a refusal, or undefined when the transition may happen. */
  readonly guard?: (facts: Facts) => Refusal | undefined;
}

/** A workflow as data. `Facts` is what guards may look at: the actor's rights, completeness, clocks. */
export interface Machine<State extends string, Event extends string, Facts> {
  readonly name: string;
  readonly initial: State;
  readonly states: readonly State[];
  readonly events: readonly Event[];
  readonly terminal: readonly State[];
  readonly transitions: readonly Transition<State, Event, Facts>[];
}

export type Decision<State extends string> = { readonly ok: true; readonly to: State } | { readonly ok: false; readonly refusal: Refusal };

const origins = <State extends string>(from: State | readonly State[]): readonly State[] =>
  typeof from === 'string' ? [from] : from;

/**
 * What the event does in this state. Where several transitions carry the same event, the first whose guard agrees wins; when none does,
 * the first guard's refusal is returned. An event that the state does not know is refused with the rule `<machine>.no-transition`.
 */
export function decide<State extends string, Event extends string, Facts>(
  machine: Machine<State, Event, Facts>,
  state: State,
  event: Event,
  facts: Facts,
): Decision<State> {
  let refusal: Refusal | undefined;
  for (const transition of machine.transitions) {
    if (transition.event !== event || !origins(transition.from).includes(state)) continue;
    const objection = transition.guard?.(facts);
    if (!objection) return { ok: true, to: transition.to };
    refusal ??= objection;
  }
  return {
    ok: false,
    refusal: refusal ?? {
      rule: `${machine.name}.no-transition`,
      message: `"${event}" is not possible while the ${machine.name} is "${state}".`,
    },
  };
}

/** The events that would be accepted now, in the machine's order: what a user interface may offer as actions. */
export function availableEvents<State extends string, Event extends string, Facts>(
  machine: Machine<State, Event, Facts>,
  state: State,
  facts: Facts,
): Event[] {
  return machine.events.filter((event) => decide(machine, state, event, facts).ok);
}

/** The next state. Refuses with a conflict that carries the rule's name as its code. */
export function nextState<State extends string, Event extends string, Facts>(
  machine: Machine<State, Event, Facts>,
  state: State,
  event: Event,
  facts: Facts,
): State {
  const decision = decide(machine, state, event, facts);
  if (!decision.ok) throw refused(decision.refusal);
  return decision.to;
}

/** The error that a refusal becomes. */
export const refused = (refusal: Refusal): CairnError => conflict(refusal.message, { code: refusal.rule });

/**
 * What is wrong with the table itself: states that nothing leads to, non-terminal states without a way out, terminal states with one,
 * events that no transition uses, unknown names. Empty for a sound machine. Every workflow's spec calls it.
 */
export function findDefects<State extends string, Event extends string, Facts>(machine: Machine<State, Event, Facts>): string[] {
  const defects: string[] = [];
  const known = new Set<string>(machine.states);
  const edges = machine.transitions.flatMap((transition) =>
    origins(transition.from).map((from) => ({ from, to: transition.to, event: transition.event })),
  );
  for (const edge of edges) {
    if (!known.has(edge.from)) defects.push(`unknown state ${edge.from}`);
    if (!known.has(edge.to)) defects.push(`unknown state ${edge.to}`);
    if (machine.terminal.includes(edge.from) && edge.to !== edge.from) defects.push(`terminal state ${edge.from} can be left by ${edge.event}`);
  }
  const reached = new Set<State>([machine.initial]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const edge of edges) {
      if (reached.has(edge.from) && !reached.has(edge.to)) {
        reached.add(edge.to);
        grew = true;
      }
    }
  }
  for (const state of machine.states) {
    if (!reached.has(state)) defects.push(`state ${state} can't be reached`);
    if (!machine.terminal.includes(state) && !edges.some((edge) => edge.from === state && edge.to !== state)) {
      defects.push(`state ${state} can't be left`);
    }
  }
  for (const event of machine.events) {
    if (!edges.some((edge) => edge.event === event)) defects.push(`event ${event} is used nowhere`);
  }
  return defects;
}
