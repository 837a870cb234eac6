import { flowNodesOf, flowOf, labelOf } from './editor-nodes.ts'
import { make, setText } from './elements.ts'
import type { Address } from './server.ts'
import type { Text } from './words.ts'

/** The flow nodes that use a queue, under a heading that unfolds them. */
export class UsesPanel {
  readonly element = make('details', 'mqueue-uses')
  readonly #summary = make('summary')
  readonly #nodes = make('div')
  readonly #text: Text
  readonly #address: Address

  constructor(text: Text, address: Address) {
    this.#text = text
    this.#address = address
    this.element.append(this.#summary, this.#nodes)
    this.refresh()
    // The flow may have changed since.
    this.element.addEventListener('toggle', () => this.element.open && this.refresh())
  }

  refresh(): void {
    const { node, queue } = this.#address
    const { certain, possible } = flowNodesOf(node, queue)
    // It stays, since it has the focus of those who unfold it by keyboard.
    setText(this.#summary, this.#text('sidebar.uses.title', { number: certain.length }))
    const parts: HTMLElement[] = []
    if (certain.length > 0) parts.push(this.#listOf(certain))
    else parts.push(make('p', 'mqueue-note', this.#text('sidebar.uses.none')))
    if (possible.length > 0) {
      parts.push(make('p', 'mqueue-note', this.#text('sidebar.uses.possible')))
      parts.push(this.#listOf(possible))
    }
    this.#nodes.replaceChildren(...parts)
  }

  #listOf(nodes: readonly EditorNode[]): HTMLElement {
    const list = make('ul')
    for (const node of nodes) {
      const button = make('button', 'mqueue-opener')
      button.type = 'button'
      button.append(make('bdi', 'mqueue-key', labelOf(node)))
      button.append(make('bdi', 'mqueue-details', flowOf(node)))
      button.addEventListener('click', () => {
        RED.view.reveal(node.id)
        RED.view.select({ nodes: [node] })
      })
      const item = make('li')
      item.append(button)
      list.append(item)
    }
    return list
  }
}
