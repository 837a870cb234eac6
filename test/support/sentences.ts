/** The sentences of texts for people. */

/** A sentence, and the line of the paragraph that it stands in. */
export interface Sentence {
  readonly line: number
  readonly text: string
}

/** What begins a line that goes on with nothing before it: an item of a list, a property in the help, a quotation. */
const ITEM = /^\s*(?:[-*>:] |\d+\. )/

/** The sentences of a page in Markdown. Code in a line counts as one word, and a cell of a table stands for itself. */
export function sentencesOfPage(page: string): Sentence[] {
  const found: Sentence[] = []
  let paragraph: string[] = []
  let start = 1
  const end = () => {
    found.push(...sentencesOf(paragraph.join('\n')).map((text) => ({ line: start, text })))
    paragraph = []
  }
  const lines = page.replace(/^```[\s\S]*?^```$/gm, (code) => code.replace(/.+/g, '')).split('\n')
  for (const [index, line] of lines.entries()) {
    const isAlone = /^(?:#|<)|^\s*$/.test(line)
    const isRow = /^\s*\|/.test(line)
    if (isAlone || isRow || ITEM.test(line)) end()
    if (paragraph.length === 0) start = index + 1
    for (const part of isRow ? line.split(/(?<!\\)\|/) : [line]) {
      paragraph.push(part.replace(ITEM, ''))
      if (isRow) end()
    }
    if (isAlone) end()
  }
  end()
  return found
}

/** The sentences of a text without headings, lists and tables. Pictures are left out, as they are not read in a row. */
export function sentencesOf(text: string): string[] {
  return text
    .replace(/!\[[^\]]*\]\([^)]*\)|<[^>]+>/g, '')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/`[^`]*`/g, 'code')
    .split(/(?<=[.!?][)\]*_"'”]*)\s+/)
    .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
    .filter((sentence) => /\p{L}/u.test(sentence))
}

/** The number of words of a sentence. */
export function wordsOf(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length
}
