// The path under which other parts of this package know it. The code is next door, as folders named "build" are taken
// for compiler output by git, the linter and the search for dead code.
export { type BuildOptions, type BuiltFunction, buildFunction } from '../build-function/build-function.ts'
