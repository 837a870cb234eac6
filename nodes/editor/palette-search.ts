import { FLOW_TYPES } from './flow-types.ts'
import { text } from './text.ts'

/** What a type search in the editor lists: a type, and the text that what is typed is looked for in. */
interface Listed {
  type?: string
  index?: string
}

/**
 * Lets our nodes be found by what people call a queue, in English and in the language of the editor. Node-RED looks into
 * the type and the label of a node only. The words are added to what is searched, and not to what is shown.
 */
export function addSearchWords(): void {
  for (const type of FLOW_TYPES) addToPalette(type)
  RED.events.on('registry:node-type-added', addToPalette)
  RED.events.on('type-search:open', addToTypeSearch)
}

/** To the filter of the palette, which reads an attribute of each node there. */
function addToPalette(type: string): void {
  if (!FLOW_TYPES.includes(type)) return
  const node = $(`.red-ui-palette-node[data-palette-type="${type}"]`)
  const label = node.attr('data-palette-label')
  if (label !== undefined) node.attr('data-palette-label', withWords(label))
}

/** To the dialog that adds a node on the canvas, which has just been filled. */
function addToTypeSearch(): void {
  for (const element of $('#red-ui-type-search .red-ui-editableList-item-content').toArray()) {
    const listed = $(element).data('data') as Listed | undefined
    if (typeof listed?.index !== 'string' || !FLOW_TYPES.includes(listed.type ?? '')) continue
    listed.index = withWords(listed.index).toLowerCase()
  }
}

function withWords(searched: string): string {
  const words = `queue fifo buffer ${text('searchWords')}`
  return searched.endsWith(words) ? searched : `${searched} ${words}`
}
