import type { Defines } from './defines.ts'

/** `$$`, `$def(NAME)` or `$(def(NAME))`, the same with `defn`, or any other variable. */
const VARIABLE = /\$(?:(\$)|(?:\((defn?)\((\w+)\)\)|(defn?)\((\w+)\))?)/g

/**
 * Puts the values of variables into a parameter of `modparamx`. Those of defined names are known;
 * all others depend on where Kamailio runs.
 *
 * @returns undefined where a value cannot be known
 */
export function withVariables(text: string, defines: Defines): string | undefined {
  let isKnown = true
  const result = text.replace(VARIABLE, (_, dollar?: string, ...found: (string | undefined)[]) => {
    if (dollar !== undefined) return '$'
    const [long, longName, short, shortName] = found
    const value = definition(long ?? short, longName ?? shortName ?? '', defines)
    if (value === undefined) isKnown = false
    return value ?? ''
  })
  return isKnown ? result : undefined
}

/** The value of a parameter that is a variable and nothing else. */
export function variableValue(
  text: string,
  defines: Defines,
): { text: string; isNumber: boolean } | undefined {
  const [, short, shortName, long, longName] =
    /^\$(?:(defn?)\((\w+)\)|\((defn?)\((\w+)\)\))$/.exec(text) ?? []
  const name = shortName ?? longName ?? ''
  // Kamailio refuses one that has no value.
  if (defines.known(name).defined !== true) return undefined
  const value = definition(short ?? long, name, defines)
  return value === undefined ? undefined : { text: value, isNumber: (short ?? long) === 'defn' }
}

function definition(kind: string | undefined, name: string, defines: Defines): string | undefined {
  if (kind === undefined) return undefined
  const known = defines.known(name)
  if (known.defined === true && known.value !== undefined) {
    const { value } = known
    return kind === 'def' || /^(0|[1-9]\d{0,8})$/.test(value) ? value : undefined
  }
  return known.defined === false && kind === 'def' ? '<null>' : undefined
}
