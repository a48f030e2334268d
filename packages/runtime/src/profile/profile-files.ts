import { type NamedProfile, stacksOf } from './named-profile.ts'

/**
 * A profile as folded stacks, one a line, `outer;inner 123`, as flamegraph.pl, inferno and speedscope read them; in pieces,
 * since all of it may be long.
 */
export function* foldedStacks(profile: NamedProfile): Generator<string, void, undefined> {
  for (const { frames, fuel } of stacksOf(profile)) yield `${frames.map(foldedName).join(';')} ${fuel}\n`
}

/** A semicolon ends a frame and a line its stack, wherever a name has one. */
function foldedName(name: string): string {
  return name.replaceAll(';', ':').replaceAll(/\p{Cc}/gu, ' ')
}

/**
 * A profile in speedscope's file format, in pieces.
 *
 * @param name - of what was run
 * @see https://www.speedscope.app/file-format-schema.json
 */
export function* speedscopeFile(profile: NamedProfile, name: string): Generator<string, void, undefined> {
  const indices = new Map<string, number>()
  const indexOf = (frame: string): number => {
    const index = indices.get(frame) ?? indices.size
    indices.set(frame, index)
    return index
  }
  const weights: number[] = []
  yield `{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"blockless","name":${JSON.stringify(name)},`
  yield '"activeProfileIndex":0,"profiles":[{"type":"sampled","name":"fuel","unit":"none","startValue":0,"samples":['
  for (const { frames, fuel } of stacksOf(profile)) {
    yield `${weights.length === 0 ? '' : ','}${JSON.stringify(frames.map(indexOf))}`
    weights.push(fuel)
  }
  const total = weights.reduce((sum, fuel) => sum + fuel, 0)
  const frames = [...indices.keys()].map((frame) => ({ name: frame }))
  yield `],"weights":${JSON.stringify(weights)},"endValue":${total}}],"shared":${JSON.stringify({ frames })}}\n`
}
