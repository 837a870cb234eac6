import assert from 'node:assert/strict'
import type { Editor } from './editor.ts'

/**
 * What of a form is not shown whole: the label of a field that takes two lines or is cut, a choice of a select that is
 * wider than the select, a choice of a typed input that is wider than it, what a blank field says, and a button or field
 * that ends outside the form.
 */
const CUT = `(form) => {
  const widthOf = (text, element) => {
    const context = document.createElement('canvas').getContext('2d')
    const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(element)
    context.font = [fontStyle, fontWeight, fontSize, fontFamily].join(' ')
    return context.measureText(text).width
  }
  const isShown = (element) => element.checkVisibility() && element.getClientRects().length > 0
  const all = (selector) => [...form.querySelectorAll(selector)].filter(isShown)
  const labels = all('.form-row > label:first-child, .form-row > span:first-child, .mqueue-field > span, summary')
    .filter((label) => !label.querySelector('input'))
    .filter((label) => {
      const lines = new Set([...label.querySelectorAll('span'), label]
        .flatMap((part) => [...part.childNodes])
        .filter(({ nodeType, data }) => nodeType === 3 && data.trim() !== '')
        .flatMap((node) => {
          const range = document.createRange()
          range.selectNodeContents(node)
          return [...range.getClientRects()].map(({ bottom }) => Math.round(bottom))
        }))
      return lines.size > 1 || label.scrollWidth > label.clientWidth + 1 && label.clientWidth > 0
    })
    .map((label) => 'label: ' + label.innerText)
  // The arrow of a select, as Chromium draws it, and a little air.
  const ARROW = 20
  const selects = all('select').flatMap((select) => {
    const { paddingLeft, paddingRight } = getComputedStyle(select)
    const room = select.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - ARROW
    // Node-RED's own choice, for a new config node, is left to it.
    return [...select.options]
      .filter(({ value }) => value !== '_ADD_')
      .map(({ text }) => text)
      .filter((text) => widthOf(text, select) > room)
      .map((text) => 'choice: ' + text + ' needs ' + Math.ceil(widthOf(text, select)) + ', has ' + Math.floor(room))
  })
  const typed = all('.red-ui-typedInput-option-label').flatMap((label) => {
    const input = label.closest('.red-ui-typedInput-container').previousElementSibling
    const room = label.parentElement.clientWidth - 20
    const widget = window.$(input).data('noderedTypedInput')
    const { options = [] } = widget.typeMap[widget.propertyType]
    return options
      .map((option) => option.label ?? option)
      .filter((text) => widthOf(text, label) > room)
      .map((text) => 'choice: ' + text + ' needs ' + Math.ceil(widthOf(text, label)) + ', has ' + Math.floor(room))
  })
  const hints = all('input[placeholder]').flatMap((input) => {
    const { paddingLeft, paddingRight } = getComputedStyle(input)
    const room = input.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)
    return widthOf(input.placeholder, input) > room ? ['hint: ' + input.placeholder] : []
  })
  const right = form.getBoundingClientRect().right
  const outside = all('button, a.red-ui-button, input, select')
    .filter((element) => element.getBoundingClientRect().right > right + 1)
    .map((element) => 'outside: ' + element.id)
  return [...labels, ...selects, ...typed, ...hints, ...outside]
}`

/**
 * Asserts that nothing in a form is cut, as wide as it is and in a narrow sidebar.
 *
 * @param width how narrow that is, in px
 */
export async function assertNothingCut(
  editor: Editor,
  selector: string,
  width = 360,
): Promise<void> {
  const form = editor.page.locator(selector)
  const cut = () => form.evaluate(`(${CUT})(document.querySelector(${JSON.stringify(selector)}))`)
  const before = await form.evaluate((element) => element.getBoundingClientRect().width)
  assert.deepEqual(await cut(), [], `cut at ${before} px`)
  const style = await form.getAttribute('style')
  await form.evaluate((element, px) => element.setAttribute('style', `width: ${px}px`), width)
  assert.deepEqual(await cut(), [], `cut at ${width} px`)
  await form.evaluate((element, given) => {
    if (given === null) element.removeAttribute('style')
    else element.setAttribute('style', given)
  }, style)
}
