import { showQueue } from './sidebar/tab.ts'
import { namedQueue } from './sidebar/uses.ts'
import { text } from './text.ts'

/**
 * Puts a button beside the choice of the queue in a dialog, which shows that queue in the sidebar. To be called before a
 * typed input is made of the field.
 *
 * @param chosen returns what the dialog has for the property of a node
 */
export function addShowQueueButton(input: JQuery, chosen: (property: string) => string): void {
  const label = text('sidebar.button')
  const icon = $('<i>', { class: 'fa fa-tasks', 'aria-hidden': 'true' })
  const button = $('<button>', { type: 'button', class: 'red-ui-button', title: label })
    .attr('aria-label', label)
    .append(icon)
  const named = () => {
    const queue = namedQueue({ queue: chosen('queue'), queueType: chosen('queueType') })
    return queue ? { config: chosen('mqueue'), queue } : undefined
  }
  button.on('click', () => showQueue(named()))
  input.wrap($('<div>', { class: 'mqueue-with-button' })).css('width', '100%')
  input.parent().append(button)
  $('#mqueue-node').on('change', () => button.prop('disabled', named() === undefined))
}
