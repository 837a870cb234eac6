/** The pages of the project in Markdown, and where they lead. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { PROJECT } from './node-red.ts'

/** What the absolute addresses of the project's own files begin with. */
const OWN =
  /^https:\/\/(?:github\.com\/mqueue\/node-red-mqueue\/(?:blob|tree)|raw\.githubusercontent\.com\/mqueue\/node-red-mqueue)\/main\//

/** Where a page leads: a file or a folder of the project, and a heading in it. */
export interface Target {
  /** As it stands in the page. */
  link: string
  path: string
  anchor: string
}

/** The Markdown files of the project, by their paths in it. */
export const PAGES = globSync('**/*.md', {
  cwd: PROJECT,
  exclude: (path) => /(^|\/)node_modules$/.test(path),
}).toSorted()

export const read = (page: string): string => readFileSync(join(PROJECT, page), 'utf8')

/** A page without its code, which has no links and no headings. */
const withoutBlocks = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, '')
const prose = (text: string) => withoutBlocks(text).replace(/`[^`\n]*`/g, 'code')

/** All that a page links to or shows. */
export function links(text: string): string[] {
  const found = prose(text).matchAll(
    /\]\(<?([^)\s>]+)>?\)|(?:src|href)="([^"]*)"|<(https?:[^>]+)>/g,
  )
  return [...found].map(([, markdown, html, plain]) => (markdown ?? html ?? plain) as string)
}

/** Those of a page's links that lead to the project's own files. */
export function targets(page: string, text = read(page)): Target[] {
  return links(text).flatMap((link) => {
    const own = OWN.exec(link)
    if (own === null && /^[a-z]+:/.test(link)) return []
    const [path = '', anchor = ''] = link.slice(own?.[0].length ?? 0).split('#')
    if (own !== null) return { link, path, anchor }
    return { link, path: path === '' ? page : normalize(join(dirname(page), path)), anchor }
  })
}

/** The ids that GitHub assigns to the headings of a page, and those that the page has. */
export function anchors(text: string): string[] {
  const seen = new Map<string, number>()
  const headings = withoutBlocks(text).matchAll(/^#+ +(.*)$/gm)
  const own = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)
  const assigned = [...headings].map(([, heading = '']) => {
    const id = heading
      .replace(/\]\([^)]*\)/g, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replace(/ /g, '-')
    const before = seen.get(id) ?? 0
    seen.set(id, before + 1)
    return before === 0 ? id : `${id}-${before}`
  })
  return [...assigned, ...own]
}

/** What stands in italics in a page. */
export function italics(text: string): string[] {
  const found = prose(text).matchAll(/(?<![\w/*])_([^_\n]+)_(?!\w)/g)
  return [...found].map(([, words]) => words as string)
}
