import { make } from './elements.ts'
import { piecesOf, readable } from './readable.ts'

/** How many characters are laid out at once. */
const LENGTH = 4000

/** Shows a text of any length. Only the pieces of it that can be seen are laid out, so that none holds up the page. */
export function makeLongText(text: string): HTMLElement {
  const element = make('pre', 'mqueue-whole')
  element.tabIndex = 0
  element.dir = 'auto'
  for (const piece of piecesOf(text, LENGTH)) {
    element.append(make('span', 'mqueue-piece', readable(piece)))
  }
  return element
}
