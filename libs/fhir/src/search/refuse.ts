import { invalid } from '@cairn/kernel';

/** The refusal of one parameter. Its value may tell about a patient, so it isn't repeated. */
export const refuse = (name: string, message: string) =>
  invalid(`The search parameter "${name}" can't be used like this. ${message}`, { code: 'bad-parameter', issues: [{ path: name, message }] });
