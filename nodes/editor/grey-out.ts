import { isInKamailio, type Lack, lackOf, whyNot } from './lacking.ts'
import { shown } from './shown.ts'
import { text } from './text.ts'

/**
 * Greys out in the dialog of a flow node what cannot be done where its queues live, and says beside it why; again
 * whenever another config node is chosen.
 */
export function greyOut(node: EditorNode): void {
  const [property, lack] = lackOf(node.type) ?? []
  if (property === undefined || lack === undefined) return
  const field = fieldFor(property)
  const reason = reasonBeside(property)
  const value = () => (field.is(':checkbox') ? field.prop('checked') : field.val())
  const say = () => {
    if (property === 'queue') return
    reason.text(isInKamailio(node) ? text(lack.reason) : '')
    reason.toggleClass('mqueue-problem', whyNot(node, property, value()) !== undefined)
  }
  const grey = () => {
    const isLacking = isInKamailio(node)
    for (const name of lack.idle) {
      // What must be corrected stays usable.
      const isIdle = name !== property || isHarmless(lack, shown(value()).trim())
      disable(fieldFor(name), isLacking && isIdle)
    }
    const id = isLacking ? (reason.attr('id') ?? null) : null
    for (const name of new Set([property, ...lack.idle])) describe(partsOf(fieldFor(name)), id)
    for (const choice of lack.choices ?? []) describe(disableChoice(field, choice, isLacking), id)
  }
  $('#mqueue-node').on('input change', say)
  // A field must not be disabled while it is typed into.
  $('#mqueue-node').on('change focusout', grey)
  // Node-RED makes the menu of a typed input again at times.
  containerOf(field).on('click keydown', grey)
  say()
  grey()
}

/** Whether a value asks for nothing, or nothing that it asks for could be done. */
function isHarmless({ isFine }: Lack, value: string): boolean {
  return isFine === undefined || isFine(value)
}

/** The element that says why, behind the row of a field. That of the queue has one, which says all that is wrong. */
function reasonBeside(property: string): JQuery {
  const id = `mqueue-${property}-problem`
  const known = $(`#${id}`)
  if (known.length > 0) return known
  const reason = $('<div>', { class: 'mqueue-reason', id, role: 'status' })
  return reason.insertAfter(fieldFor(property).closest('.form-row'))
}

function disable(field: JQuery, isDisabled: boolean): void {
  if (containerOf(field).length > 0) field.typedInput('disable', isDisabled)
  partsOf(field).prop('disabled', isDisabled)
}

/** @param id that of the element that says why; null where there is nothing to be said */
function describe(parts: JQuery, id: string | null): void {
  parts.attr('aria-describedby', id)
}

/**
 * Disables a choice of a select, or of the menu of a typed input.
 *
 * @returns its element in the menu
 */
function disableChoice(field: JQuery, choice: string, isDisabled: boolean): JQuery {
  field.find(`option[value="${choice}"]`).prop('disabled', isDisabled)
  const item = $(`.red-ui-typedInput-options a[value="${choice}"]`)
  item.attr('aria-disabled', isDisabled ? 'true' : null)
  item.css({ opacity: isDisabled ? 0.5 : '', cursor: isDisabled ? 'not-allowed' : '' })
  const menu = item.parent()[0]
  // Before Node-RED gets the event. A listener that is there already is not added again.
  menu?.addEventListener('click', refuseDisabled, { capture: true })
  return item
}

function refuseDisabled(event: Event): void {
  if ($(event.target as Element).closest('[aria-disabled="true"]').length === 0) return
  event.preventDefault()
  event.stopPropagation()
}

function fieldFor(property: string): JQuery {
  return $(`#node-input-${property}`)
}

/** What is around a typed input; nothing around a plain field. */
function containerOf(field: JQuery): JQuery {
  return field.next('.red-ui-typedInput-container')
}

/** What people use of a field. */
function partsOf(field: JQuery): JQuery {
  const container = containerOf(field)
  return container.length > 0 ? container.find('button, input') : field
}
