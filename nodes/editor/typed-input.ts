import { text } from './text.ts'

/**
 * Makes a typed input of a field of a flow node's dialog.
 *
 * @param property the property of the node that the field is for
 * @param first the type of a node that has none
 */
export function prepareTypedInput(
  property: string,
  types: (string | TypedInputType)[],
  first = 'msg',
): void {
  const typeField = $(`#node-input-${property}Type`)
  const options = typeField.length === 0 ? {} : { typeField, default: first }
  $(`#node-input-${property}`).typedInput({ ...options, types })
  nameTypedInput(property)
}

/**
 * Names the parts of a typed input so that a screen reader finds them: the label of the field stands
 * for an input that Node-RED hides.
 *
 * @param property the property of the node that the field is for
 */
export function nameTypedInput(property: string): void {
  const label = $(`label[for="node-input-${property}"]`)
  const id = `mqueue-label-${property}`
  label.attr('id', id)
  const container = $(`#node-input-${property}`).next('.red-ui-typedInput-container')
  container.find('.red-ui-typedInput-input').attr('aria-labelledby', id)
  const chosen = container.find('.red-ui-typedInput-option-label').attr('id', `${id}-chosen`)
  chosen.parent().attr('aria-labelledby', `${id} ${id}-chosen`)
  // The label has its text once Node-RED has translated the dialog.
  setTimeout(() => {
    const name = text('label.typeOf', { field: label.text().trim() })
    container.find('.red-ui-typedInput-type-select').attr('aria-label', name)
  })
}
