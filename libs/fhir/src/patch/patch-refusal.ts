import { invalid, type CairnError } from '@cairn/kernel';

/** More steps than this are better sent as a whole resource. */
const MAX_STEPS = 1000;
/** Characters that one patch may read and write in all: a step that copies can double what the next one works on. */
const MAX_WORK = 50_000_000;

/** The refusal of a step that can't be done, named by its place in the patch. Repeats no value. */
export const patchRefused = (path: string, message: string): CairnError => invalid('The patch can not be done.', { status: 422, code: 'patch-failed', issues: [{ path, message }] });

/** Makes all steps of a patch, one after another. Refuses with 422 too many steps, and those that make the text grow beyond reason. */
export function makeSteps<Step>(json: string, steps: readonly Step[], make: (json: string, step: Step, index: number) => string): string {
  if (steps.length > MAX_STEPS) throw patchRefused('', `A patch may have at most ${MAX_STEPS} steps. Send the whole resource by PUT.`);
  let work = 0;
  return steps.reduce<string>((text, step, index) => {
    work += text.length;
    if (work > MAX_WORK) throw patchRefused('', 'The patch is too much work. Send the whole resource by PUT.');
    return make(text, step, index);
  }, json);
}
