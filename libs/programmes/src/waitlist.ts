export const FORMATS = ['in-person', 'online', 'hybrid'] as const;
export type Format = (typeof FORMATS)[number];

/** Somebody on the list, and what suits them. */
export interface Waiting {
  readonly id: string;
  readonly listedAt: Date;
  /** Languages that the person follows a course in, BCP-47, best first. */
  readonly languages: readonly string[];
  readonly formats: readonly Format[];
  /** Cohorts that the person was offered a place in and did not take. */
  readonly passedCohortIds: readonly string[];
}

/** What a cohort offers. */
export interface Place {
  readonly cohortId: string;
  readonly language: string;
  readonly format: Format;
}

const primary = (language: string): string => language.toLowerCase().split('-')[0] ?? '';

/** Whether the cohort's language (its region aside) and its format suit the person, who has not passed it over before. */
export const fits = ({ languages, formats, passedCohortIds }: Waiting, { cohortId, language, format }: Place): boolean =>
  languages.some((spoken) => primary(spoken) === primary(language)) && formats.includes(format) && !passedCohortIds.includes(cohortId);

/** The person whom a freed place is offered to: the one who has waited longest among those whom it fits. Undefined when it fits nobody. */
export const firstWhoFits = <Person extends Waiting>(list: readonly Person[], place: Place): Person | undefined =>
  list
    .filter((person) => fits(person, place))
    .reduce<Person | undefined>(
      (first, person) => (!first || person.listedAt < first.listedAt || (person.listedAt.getTime() === first.listedAt.getTime() && person.id < first.id) ? person : first),
      undefined,
    );
