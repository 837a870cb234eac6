import assert from 'node:assert/strict'
import type { Editor } from './editor.ts'

/**
 * Each text with less contrast to what is behind it than WCAG asks of texts that are not large. The
 * buttons are Node-RED's own.
 */
const FAINT = `(form) => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0)
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor)
      if (colour.length === 3 || colour[3] === 1) return colour
    }
    return [255, 255, 255]
  }
  const own = (element) => element.matches('input, select, textarea')
    ? element.value
    : [...element.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data).join('').trim()
  return [...form.querySelectorAll('*')]
    .filter((element) => element.checkVisibility() && own(element) && !element.closest('.red-ui-button'))
    .map((element) => {
      const [front, back] = [rgb(getComputedStyle(element).color), behind(element)].map(light)
      const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)
      return [contrast, own(element)]
    })
    .filter(([contrast]) => contrast < 4.5)
    .map(([contrast, text]) => text.slice(0, 40) + ': ' + contrast.toFixed(1))
}`

/** What sticks out of an element. */
const WIDE = `(form) => {
  const { right } = form.getBoundingClientRect()
  return [...form.querySelectorAll('*')]
    .filter((element) => element.checkVisibility() && element.getClientRects().length > 0)
    .filter((element) => element.getBoundingClientRect().right > right + 1)
    .map((element) => element.outerHTML.slice(0, 80))
}`

/** What a reader of the screen can use. Its name, where it has one, follows in quotes, before its state. */
const USABLE = /^\s*- (textbox|combobox|checkbox|button|spinbutton|link)\b/
const NAMED = /^\s*- \w+ "[^"]/

/**
 * Asserts that a part of the page can be read, has a name for each input, and fits a narrow sidebar.
 *
 * @param width how narrow that is, in px
 */
export async function assertAccessible(
  editor: Editor,
  selector: string,
  width = 260,
): Promise<void> {
  const found = (check: string) =>
    editor.value<string[]>(`(${check})(document.querySelector(${JSON.stringify(selector)}))`)
  const part = editor.page.locator(selector)
  assert.deepEqual(await found(FAINT), [], 'too faint')
  const usable = (await part.ariaSnapshot()).split('\n').filter((line) => USABLE.test(line))
  assert.ok(usable.length > 0, 'nothing to be used')
  assert.deepEqual(
    usable.filter((line) => !NAMED.test(line)),
    [],
    'without a name',
  )
  await part.evaluate((element, px) => element.setAttribute('style', `width: ${px}px`), width)
  assert.deepEqual(await found(WIDE), [], 'too wide')
}
