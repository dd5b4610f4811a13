import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, readJson } from './files.mjs';
import { installedVersion } from './install.mjs';
import { Lock } from './lock.mjs';
import { explainSystemError, say, Trouble } from './messages.mjs';
import { cacheFolder, inProject } from './paths.mjs';
import { bundlePrograms } from './programs.mjs';

const output = inProject('dist');
const recordFile = join(output, '.build.json');

/**
 * Builds what changed since the last build into `dist`: TypeScript by swc, JSON as it is; what lost its source goes.
 * From that it puts the programs together. Types are not checked here (`npm run check` does).
 *
 * @param {{ tests?: boolean, programs?: boolean }} [options] `tests` also builds tests/bench and tests/support, for the
 *   bench; without `programs` there is only what was compiled, which is quicker
 * @returns {Promise<number>} how many files were built
 */
export async function build({ tests = false, programs = true } = {}) {
  const lock = new Lock(join(cacheFolder, 'build.lock'));
  await lock.acquire({ onWait: () => say('Another start is building: waiting for it …') });
  try {
    const changes = await buildChanges(tests);
    if (programs) await bundlePrograms(await readFile(recordFile));
    return changes;
  } catch (error) {
    throw explainSystemError(error, output);
  } finally {
    await lock.release();
  }
}

/** @returns {Promise<string>} a text that another build would not have */
export const buildMark = async () => createHash('sha256').update(await readFile(recordFile)).digest('hex');

/** @param {boolean} tests */
async function buildChanges(tests) {
  const settings = await settingsKey();
  const before = await readJson(recordFile);
  /** @type {Record<string, string>} */
  const known = before?.settings === settings ? before.files : {};
  const folders = ['apps', 'libs', ...(tests ? ['tests/bench', 'tests/support'] : [])];
  const sources = (await Promise.all(folders.map(sourcesBelow))).flat();

  /** @type {Record<string, string>} */
  const files = {};
  /** @type {string[]} */
  const changed = [];
  await Promise.all(
    sources.map(async (source) => {
      const { mtimeMs, size } = await stat(inProject(source));
      files[source] = `${mtimeMs}:${size}`;
      if (known[source] !== files[source] || !(await exists(join(output, outputOf(source))))) changed.push(source);
    }),
  );
  // Tests built earlier stay recorded when this build is not about them.
  for (const [source, version] of Object.entries(known)) {
    if (!folders.some((folder) => source.startsWith(`${folder}/`)) && (await exists(inProject(source)))) files[source] = version;
  }
  const gone = Object.keys(before?.files ?? {}).filter((source) => !(source in files));
  if (changed.length === 0 && gone.length === 0) return 0;

  await Promise.all(gone.map((source) => removeOutput(source)));
  await compile(changed);
  await writeFile(`${recordFile}.new`, JSON.stringify({ settings, files }));
  await rename(`${recordFile}.new`, recordFile);
  return changed.length;
}

/**
 * Everything but the source itself that shapes an output: the compiler, its settings, and which libraries exist (an
 * import of one that doesn't is left as it stands).
 */
async function settingsKey() {
  const libraries = await readdir(inProject('libs')).catch(() => []);
  return createHash('sha256')
    .update(await readFile(inProject('.swcrc')))
    .update(await installedVersion('@swc/core'))
    .update(libraries.sort().join())
    .digest('hex');
}

/**
 * @param {string} folder
 * @returns {Promise<string[]>} paths of its sources, relative to the project; specs are left out
 */
async function sourcesBelow(folder) {
  const entries = await readdir(inProject(folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|json)$/.test(entry.name) && !/(\.(spec|test|d)\.ts|tsconfig\.json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(inProject().length + 1));
}

/** @param {string} source */
const outputOf = (source) => source.replace(/\.ts$/, '.js');

/** @param {string} source */
async function removeOutput(source) {
  const target = join(output, outputOf(source));
  await Promise.all([rm(target, { force: true }), rm(`${target}.map`, { force: true })]);
}

/** @param {string[]} sources */
async function compile(sources) {
  const { transformFile } = await import('@swc/core');
  await Promise.all(
    sources.map(async (source) => {
      const target = join(output, outputOf(source));
      await mkdir(dirname(target), { recursive: true });
      if (!source.endsWith('.ts')) return copyFile(inProject(source), target);
      const { code, map } = await transformFile(inProject(source), {
        cwd: inProject(),
        configFile: inProject('.swcrc'),
        outputPath: target,
      }).catch((error) => {
        throw new Trouble(`${source} could not be built.`, 'Mend the source and start again.', { cause: error, details: error.message.split('\n\n')[0] });
      });
      const name = target.split('/').at(-1);
      await writeFile(`${target}.map`, map ?? '{}');
      await writeFile(target, `${code}\n//# sourceMappingURL=${name}.map\n`);
    }),
  );
}
