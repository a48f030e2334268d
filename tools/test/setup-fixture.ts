import type { RepositoryFiles } from './temporary-repository.ts'

/** package.json of the only workspace. */
export const coreManifest = { name: 'core', version: '1.0.0', dependencies: { left: '1.0.0' } }
/** What npm should install; one package is for another platform. */
export const lockfile = {
  packages: {
    '': { name: 'demo' },
    'node_modules/left': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
    'packages/core': { dependencies: { left: '1.0.0' } },
  },
}
/** What npm says that it has installed. */
export const installed = {
  packages: {
    'node_modules/left': { version: '1.0.0', integrity: 'sha512-a' },
    'packages/core': { dependencies: { left: '1.0.0' } },
  },
}
/** A repository before its first setup. */
export const files: RepositoryFiles = {
  'package.json': { name: 'demo', type: 'module', workspaces: ['packages/*', 'tests'] },
  'package-lock.json': lockfile,
  'packages/core/package.json': coreManifest,
}
/** node_modules after a good setup. */
export const modules: RepositoryFiles = {
  'node_modules/.package-lock.json': installed,
  'node_modules/left/package.json': {},
}
