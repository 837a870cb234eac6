/** The pieces of configuration in docs/kamailio.md, as they stand there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT } from '../support/node-red.ts'

const PAGE = readFileSync(join(PROJECT, 'docs/kamailio.md'), 'utf8')

/** The names of all of them. */
export const RECIPES: readonly string[] = [...PAGE.matchAll(/<!-- recipe: (\S+) -->/g)].map(
  ([, name = '']) => name,
)

/** @returns the text of the block behind the comment with that name */
export function recipe(name: string): string {
  const block = new RegExp(`<!-- recipe: ${name} -->\n\`\`\`\\w*\n([^]*?)\n\`\`\`\n`).exec(PAGE)
  if (block?.[1] === undefined) throw new Error(`docs/kamailio.md has no recipe "${name}"`)
  return `${block[1]}\n`
}

/** A whole configuration of recipes: first what they load and set, in their order, then their routes. */
export function configurationOf(texts: string[], port: number, routes = ''): string {
  const parts = texts.map((text) => {
    const start = text.search(/^(?:event_)?route\[/m)
    return start === -1 ? [text, ''] : [text.slice(0, start), text.slice(start)]
  })
  const head = `#!KAMAILIO
debug=1
log_stderror=yes
children=1
tcp_children=1
dns=no
listen=udp:127.0.0.1:${port}
`
  const settings = parts.map(([own]) => own).join('') + COMMON
  const own = parts.map(([, text]) => text).join('')
  const main = routes.includes('request_route') ? '' : ANSWER
  return `${head}${withoutRepeats(settings)}${own}${main}${routes}`
}

const COMMON =
  'loadmodule "pv.so"\nloadmodule "xlog.so"\nloadmodule "sl.so"\nloadmodule "textops.so"\n'
const ANSWER = 'request_route {\n\tsl_send_reply("200", "OK");\n}\n'

/** Kamailio loads a module once only. */
function withoutRepeats(settings: string): string {
  const seen = new Set<string>()
  return settings.replace(/^loadmodule .*\n/gm, (line) => {
    if (seen.has(line)) return ''
    seen.add(line)
    return line
  })
}
