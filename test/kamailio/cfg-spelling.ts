/** The many ways to write the parts of a `modparam` line, all of which Kamailio takes. */
import type { Random } from './cfg-random.ts'

/** A whole number in one of Kamailio's notations. */
export function spelledNumber(random: Random, number: number): string {
  const words: Record<number, string[]> = {
    0: ['no', 'off', 'false', 'disable', '0', '00'],
    1: ['yes', 'on', 'true', 'enable'],
  }
  const notations = [
    String(number),
    `0x${number.toString(16)}`,
    `0${number.toString(8)}`,
    `${number.toString(2)}b`,
    `0${number.toString(2)}b`,
    ...(words[number] ?? []),
  ]
  return random.of(notations)
}

/** Blanks, line ends and comments, which mean nothing between tokens. */
export function spelledGap(random: Random): string {
  return random.of([
    ...['', '', '', ' ', '  ', '\t', '\n', '\n  ', ' \\\n'],
    ...['/* gap */', ' /* a /* nested */ "gap */ ', ' # to the end "\n', " // it's one\n"],
  ])
}

/** A text in quotes: in single ones, or in double ones in several pieces and with escapes. */
export function spelledText(random: Random, text: string): string {
  if (!text.includes("'") && random.oneIn(5)) return `'${text}'`
  return spelledDouble(random, text)
}

/** A text in double quotes. */
export function spelledDouble(random: Random, text: string): string {
  let spelled = '"'
  for (const character of text) {
    if (random.oneIn(12)) spelled += random.of(['"\n\t"', '" "', '""', '\\\n', '"\r\n"'])
    if (character === '"' || character === '\\') spelled += `\\${character}`
    else spelled += spelledCharacter(random, character)
  }
  return `${spelled}"`
}

function spelledCharacter(random: Random, character: string): string {
  const code = character.charCodeAt(0)
  const escapes = [
    `\\x${code.toString(16).padStart(2, '0')}`,
    `\\${code.toString(8).padStart(3, '0')}`,
  ]
  return random.oneIn(8) ? random.of(escapes) : character
}

/** The module's name, as Kamailio recognizes it. */
export function spelledModule(random: Random): string {
  return random.of([
    ...['mqueue', 'mqueue', 'mqueue', 'MQueue', 'MQUEUE', 'mqueue.*', '.*queue', 'm[p-r]ueue'],
    ...['tmx|mqueue', '(mqueue|tmx)', 'mq(ue){2}', 'mqu?e?ueu?e', '^mqueue$', '[[:alpha:]]+queue'],
    ...['(tm|m)q.+e', '[^x]queue', 'M[Q-Q](u|e)*', 'mq\\w{4}', 'mqueue|', 'x*mq*u+eue'],
  ])
}

/** A value of an attribute, which may be in quotes. */
function spelledValue(random: Random, value: string): string {
  return random.oneIn(6) ? `"${value}"` : random.oneIn(8) ? `'${value}'` : value
}

/** A queue's definition, with its attributes in any order, case and spacing. */
export function spelledDefinition(random: Random, attributes: [string, string][]): string {
  const left = [...attributes]
  const spelled: string[] = []
  while (left.length > 0) {
    const [[name = '', value = ''] = []] = left.splice(random.below(left.length), 1)
    const space = () => random.of(['', '', '', '', ' ', '\t', '\n'])
    const shown = random.oneIn(5) ? name.toUpperCase() : name
    const before = spelled.length === 0 ? '' : space()
    spelled.push(`${before}${shown}${space()}=${space()}${spelledValue(random, value)}${space()}`)
  }
  return spelled.join(';') + (random.oneIn(6) ? ';' : '')
}

/** A call that is none, as it stands in a comment, or one behind a comment that looks open. */
export function spelledComment(random: Random, call: string): string {
  return random.of([
    ...[`# ${call}`, `// ${call}`, `/* ${call} */`, `/* /* */ ${call} */`, '# "', "// it's"],
    ...[`/* " /* ' */ \n${call}\n# */`, `#define X ${call}`, `#! define X ${call}`],
  ])
}

/** An action of a route, with quotes and comment signs where they are none. */
export function spelledAction(random: Random, isRead: boolean): string {
  return random.of([
    'xlog("modparam(\\"mqueue\\", 1) # \\"");',
    "xlog('a \"b');",
    '$var(x) = $(hdr(X){re.subst,/"//g});',
    '$var(x) = $(ru{s.select,0,#});',
    '$var(x) = $var("#");',
    'if ($ru =~ "a#b" && !($rc == 1)) { exit; } // "',
    '$var(x) = $(var(y){s.len}) + 1; /* " */',
    // In a branch that is left out, it would end it.
    `xlog("L_INFO", "one\n${isRead ? '#!endif' : ''}\n");`,
    'if (@ruri == "sip:x#") exit;',
    '$var(a) = 5 mod 3; $var(b) = 0x1f;',
  ])
}
