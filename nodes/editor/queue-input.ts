import { isReference } from './check.ts'
import { prepareConfigInput } from './config-input.ts'
import { definedQueues } from './defined-queues.ts'
import { inDialog } from './in-dialog.ts'
import { addShowQueueButton } from './show-queue-button.ts'
import { text } from './text.ts'
import { nameTypedInput } from './typed-input.ts'
import { validateQueue } from './validators.ts'

const INPUT = '#node-input-queue'
const TYPE = '#node-input-queueType'
const CONFIG = '#node-input-mqueue'
const OTHER_TYPES = ['msg', 'flow', 'global', 'env', 'jsonata']

/**
 * Makes a typed input of the dialog's queue field. Its first type lists the queues of the chosen
 * config node, and follows when another one is chosen, or that one is edited.
 *
 * @param others the types besides it
 */
export function prepareQueueInput(
  node: EditorNode,
  others: readonly (string | TypedInputType)[] = OTHER_TYPES,
): void {
  prepareConfigInput(node)
  const types = () => [queueType(chosen()), ...others]
  if (chosen() === '') $(INPUT).val(onlyQueue())
  addShowQueueButton($(INPUT), (property) => inDialog(node, property))
  $(INPUT).typedInput({ default: 'queue', typeField: TYPE, types: types() })
  nameTypedInput('queue')
  $(INPUT).on('change', () => showProblem(node))
  let listed = JSON.stringify(types())
  // Node-RED triggers this also after it has edited, added or deleted a config node from here.
  $(CONFIG).on('change', () => {
    const now = JSON.stringify(types())
    if (now !== listed) {
      const only = chosen() === '' ? onlyQueue() : ''
      $(INPUT).typedInput('types', types())
      if (only !== '') $(INPUT).typedInput('value', only).typedInput('types', types())
    }
    listed = now
    $(INPUT).trigger('change')
  })
}

function chosen(): string {
  return String($(INPUT).val() ?? '')
}

function showProblem(node: EditorNode): void {
  const valid = node.type === 'mq-pv-free' || validateQueue(node, chosen(), {})
  $('#mqueue-queue-problem').text(valid === true ? '' : valid)
}

function isListed(): boolean {
  return ['', 'queue'].includes(String($(TYPE).val() ?? ''))
}

/** The queue that needs no choosing, because there is no other. */
function onlyQueue(): string {
  const [only = '', ...others] = definedQueues(String($(CONFIG).val())) ?? []
  return isListed() && others.length === 0 ? only : ''
}

/** The type that lists queues. What is chosen stays in the list, also when it is not defined. */
function queueType(name: string): TypedInputType {
  const type = { value: 'queue', label: text('label.pick'), icon: 'fa fa-list' }
  // Node-RED cannot find these in its menu again; no queue can have such a name.
  if (/['\\]/.test(name)) return type
  const names = (definedQueues(String($(CONFIG).val())) ?? []).filter(
    (other) => !/['\\]/.test(other),
  )
  const options = names.map((other) => ({ value: other, label: other }))
  if (isListed() && name === '') {
    const label = text(names.length === 0 ? 'queue.noneDefined' : 'queue.choose')
    options.unshift({ value: '', label })
  } else if (isListed() && !names.includes(name)) {
    const label = isReference(name) ? name : text('queue.notDefined', { name })
    options.push({ value: name, label })
  } else if (options.length === 0) options.push({ value: '', label: text('queue.noneDefined') })
  return { ...type, options }
}
