import { text } from './text.ts'

/** The name of the queue that the next dialog of a config node begins with; blank for one without a name yet. */
let wanted: string | undefined

/** What the dialog of a config node must begin with; undefined where nobody asked for a queue. Asked once. */
export function takeWanted(): string | undefined {
  const name = wanted
  wanted = undefined
  return name
}

/**
 * A button that opens the dialog of the config node, with a row for a queue that is missing there.
 *
 * @param name the name of the queue; blank for one without a name yet
 * @param how whether the config node that is chosen is edited, or a new one is added
 */
export function defineButton(name: string, how: 'edit' | 'add'): JQuery {
  const button = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small' })
  button.text(text(name === '' ? 'queue.defineOne' : 'queue.define'))
  return button.on('click', () => {
    wanted = name
    $(`#node-input-btn-mqueue-${how}`).trigger('click')
  })
}
