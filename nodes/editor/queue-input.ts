import { isReference } from './check.ts'
import { prepareConfigInput } from './config-input.ts'
import { defineButton } from './define-queue.ts'
import { definedQueues } from './defined-queues.ts'
import { inDialog } from './in-dialog.ts'
import { onlyQueue } from './last-used.ts'
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
  if (chosen() === '') $(INPUT).val(onlyListed())
  addShowQueueButton($(INPUT), (property) => inDialog(node, property))
  $(INPUT).typedInput({ default: 'queue', typeField: TYPE, types: types() })
  nameTypedInput('queue')
  $(INPUT).on('change', () => showProblem(node))
  let listed = JSON.stringify(types())
  const choose = (name: string) =>
    $(INPUT).typedInput('types', types()).typedInput('value', name).typedInput('types', types())
  let named = node.queue
  // Node-RED triggers this also after it has edited, added or deleted a config node from here.
  $(CONFIG).on('change', () => {
    const now = JSON.stringify(types())
    if (now !== listed) {
      const only = chosen() === '' ? onlyListed() : ''
      $(INPUT).typedInput('types', types())
      if (only !== '') choose(only)
    }
    // A queue may have been renamed, and its nodes with it, this one included.
    if (node.queue !== named && chosen() === named) choose(String(node.queue))
    named = node.queue
    listed = now
    $(INPUT).trigger('change')
  })
}

function chosen(): string {
  return String($(INPUT).val() ?? '')
}

function showProblem(node: EditorNode): void {
  const valid = node.type === 'mq-pv-free' || validateQueue(node, chosen(), {})
  const problem = $('#mqueue-queue-problem').text(valid === true ? '' : valid)
  const missing = valid === true ? undefined : missingQueue()
  if (missing === undefined) return
  problem.append(' ', defineButton(missing, hasConfig() ? 'edit' : 'add'))
}

/** Whether a config node is chosen. */
function hasConfig(): boolean {
  return definedQueues(String($(CONFIG).val())) !== undefined
}

/**
 * The queue that is chosen and not defined; blank where none can be chosen, since none is defined.
 *
 * @returns undefined where nothing is missing, or only the environment knows
 */
function missingQueue(): string | undefined {
  if (!isListed()) return undefined
  const names = definedQueues(String($(CONFIG).val()))
  // The one choice there is adds a config node.
  if (names === undefined) return $(CONFIG).find('option').length === 1 ? chosen() : undefined
  if (names.some(isReference) || isReference(chosen())) return undefined
  if (chosen() === '') return names.length === 0 ? '' : undefined
  return names.includes(chosen()) ? undefined : chosen()
}

function isListed(): boolean {
  return ['', 'queue'].includes(String($(TYPE).val() ?? ''))
}

/** The queue that needs no choosing, where one is chosen from the list. */
function onlyListed(): string {
  return isListed() ? onlyQueue(String($(CONFIG).val())) : ''
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
