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
  const value = definition('def', name, defines)
  const isNumber = (short ?? long) === 'defn'
  if (value === undefined || (isNumber && !/^(0|[1-9]\d{0,8})$/.test(value))) return undefined
  return { text: value, isNumber }
}

/** In a text, a `defn` is what is written too, and not the number that Kamailio makes of it. */
function definition(kind: string | undefined, name: string, defines: Defines): string | undefined {
  if (kind === undefined) return undefined
  const known = defines.known(name)
  if (known.defined === true) return known.value
  if (known.defined === 'maybe') return undefined
  return kind === 'def' ? '<null>' : '0'
}
