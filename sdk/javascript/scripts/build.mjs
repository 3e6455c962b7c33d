// ES modules and CommonJS from the same sources; nothing is done when nothing has changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const hash = createHash('sha256');
const sources = readdirSync('src').map((name) => `src/${name}`);
for (const file of ['tsconfig.json', 'package.json', 'scripts/build.mjs', ...sources.sort()]) {
  hash.update(file).update(readFileSync(file));
}
const stamp = hash.digest('hex');
const before = (() => {
  try {
    return readFileSync('dist/.stamp', 'utf8');
  } catch {
    return '';
  }
})();
if (before !== stamp) {
  rmSync('dist', { recursive: true, force: true });
  const tsc = 'node_modules/typescript/bin/tsc';
  const run = (...options) => execFileSync(process.execPath, [tsc, '-p', '.', ...options], { stdio: 'inherit' });
  run();
  run('--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '5.0', '--outDir', 'dist/cjs');
  mkdirSync('dist/cjs', { recursive: true });
  writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
  writeFileSync('dist/.stamp', stamp);
}
