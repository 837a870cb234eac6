import { isReference } from './check.ts'
import { definedQueues } from './defined-queues.ts'
import { text } from './text.ts'
import { nameTypedInput } from './typed-input.ts'

const INPUT = '#node-input-queue'
const CONFIG = '#node-input-mqueue'
const OTHER_TYPES = ['msg', 'flow', 'global', 'env', 'jsonata']

/**
 * Makes a typed input of the dialog's queue field. Its first type lists the queues of the chosen
 * config node, and follows when another one is chosen, or that one is edited.
 *
 * @param more types besides those that every flow node has
 */
export function prepareQueueInput(node: EditorNode, more: TypedInputType[] = []): void {
  $('#mqueue-node').data('node', node.id)
  const types = () => [queueType(String($(INPUT).val() ?? '')), ...OTHER_TYPES, ...more]
  // A queue that is alone needs no choosing.
  if ($(INPUT).val() === '' && isListed()) $(INPUT).val(onlyQueue() ?? '')
  $(INPUT).typedInput({ default: 'queue', typeField: '#node-input-queueType', types: types() })
  nameTypedInput('queue')
  let listed = JSON.stringify(types())
  // Node-RED triggers this also after it has edited, added or deleted a config node from here.
  $(CONFIG).on('change', () => {
    const now = JSON.stringify(types())
    if (now !== listed) $(INPUT).typedInput('types', types())
    listed = now
    $(INPUT).trigger('change')
  })
}

function isListed(): boolean {
  return ['', 'queue'].includes(String($('#node-input-queueType').val() ?? ''))
}

function onlyQueue(): string | undefined {
  const [only, ...others] = definedQueues(String($(CONFIG).val())) ?? []
  return others.length === 0 ? only : undefined
}

/** The type that lists queues. What is chosen stays in the list, also when it is not defined. */
function queueType(chosen: string): TypedInputType {
  const type = { value: 'queue', label: text('label.pick'), icon: 'fa fa-list' }
  // Node-RED cannot find these in its menu again; no queue can have such a name.
  if (/['\\]/.test(chosen)) return type
  const names = (definedQueues(String($(CONFIG).val())) ?? []).filter((name) => !/['\\]/.test(name))
  const options = names.map((name) => ({ value: name, label: name }))
  if (isListed() && chosen === '') {
    const label = text(names.length === 0 ? 'queue.noneDefined' : 'queue.choose')
    options.unshift({ value: '', label })
  } else if (isListed() && !names.includes(chosen)) {
    const label = isReference(chosen) ? chosen : text('queue.notDefined', { name: chosen })
    options.push({ value: chosen, label })
  } else if (options.length === 0) options.push({ value: '', label: text('queue.noneDefined') })
  return { ...type, options }
}
