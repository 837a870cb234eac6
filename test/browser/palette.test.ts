/** Our nodes are found and told from others: in the palette, in the dialog that adds a node, in the list of actions. */
import assert from 'node:assert/strict'
import { FLOW_TYPES } from '../support/node-types.ts'
import type { View } from './editor.ts'
import { describeEditor } from './in-editor.ts'

const OURS = [...FLOW_TYPES].sort()

/** The types that the palette shows. */
const SHOWN = `[...document.querySelectorAll('.red-ui-palette-node')]
  .filter((node) => node.style.display !== 'none')
  .map((node) => node.dataset.paletteType)`

/** The nodes that the dialog which adds one offers, by their labels. */
const OFFERED = `[...document.querySelectorAll('#red-ui-type-search .red-ui-search-result-node-label')]
  .filter((label) => label.checkVisibility())
  .map((label) => label.textContent)`

/** The nodes of the palette: type, colour, what its label looks like. */
const LOOKS = `[...document.querySelectorAll('.red-ui-palette-node')].map((node) => {
  const label = node.querySelector('.red-ui-palette-label')
  return {
    type: node.dataset.paletteType,
    lines: label.querySelectorAll('br').length + 1,
    colour: getComputedStyle(node).backgroundColor,
    text: getComputedStyle(label).color,
  }
})`

interface Look {
  type: string
  lines: number
  colour: string
  text: string
}

function linear(colour: string): [number, number, number] {
  const parts = (colour.match(/[\d.]+/g) ?? []).map((part) => Number(part) / 255)
  const [r = 0, g = 0, b = 0] = parts.map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  )
  return [r, g, b]
}

function luminance(colour: string): number {
  const [r, g, b] = linear(colour)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** The contrast of two colours as WCAG has it: 1 to 21. */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** How far apart people see two colours: their distance in CIELAB. About 2 is just visible. */
function difference(one: string, other: string): number {
  const [a, b] = [lab(one), lab(other)]
  return Math.hypot(...a.map((part, index) => part - (b[index] as number)))
}

function lab(colour: string): number[] {
  const [r, g, b] = linear(colour)
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b)
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

function describePalette(title: string, view: View, words: string[]): void {
  describeEditor(
    `the palette, ${title}`,
    (shared, it) => {
      const isOurs = ({ type }: Look) => OURS.includes(type as (typeof OURS)[number])

      it('has each of our labels in one line', async () => {
        const looks = (await shared.editor.value<Look[]>(LOOKS)).filter(isOurs)
        assert.deepEqual(looks.map(({ type }) => type).sort(), OURS)
        assert.deepEqual(
          looks.filter(({ lines }) => lines > 1).map(({ type }) => type),
          [],
        )
      })

      it('has one colour for our nodes, unlike all others, on which labels can be read', async () => {
        const looks = await shared.editor.value<Look[]>(LOOKS)
        const colours = new Set(looks.filter(isOurs).map(({ colour }) => colour))
        assert.equal(colours.size, 1)
        const [ours = ''] = colours
        const others = looks.filter((look) => !isOurs(look))
        assert.ok(others.length > 30, `${others.length} nodes of Node-RED`)
        for (const { type, colour } of others) {
          const far = difference(ours, colour)
          assert.ok(far > 20, `${type} is ${far.toFixed(1)} away`)
        }
        for (const { type, text } of looks.filter(isOurs)) {
          assert.ok(contrast(ours, text) >= 4.5, `${type}: ${contrast(ours, text)}`)
        }
      })

      for (const word of words) {
        it(`shows all our nodes for "${word}"`, async () => {
          const { page } = shared.editor
          const filter = page.locator('#red-ui-palette-search input')
          // Node-RED looks when a key is released.
          await filter.pressSequentially('no node is called so')
          await page.waitForFunction(`${SHOWN}.length === 0`)
          await filter.fill('')
          await filter.pressSequentially(word)
          await page.waitForFunction(`${SHOWN}.length > 0`)
          const shown = await shared.editor.value<string[]>(SHOWN)
          assert.deepEqual(shown.filter((type) => type.startsWith('mq-')).sort(), OURS)
          await filter.fill('')
          await filter.press('Backspace')
          await page.waitForFunction(`${SHOWN}.includes('inject')`)
        })

        it(`and so does the dialog that adds a node, for "${word}"`, async () => {
          const { page } = shared.editor
          const input = page.locator('#red-ui-type-search-input')
          await page
            .locator('#red-ui-workspace-chart')
            .click({ modifiers: ['Control'], position: { x: 300, y: 200 } })
          await page.locator('#red-ui-type-search-input:focus').waitFor()
          await input.pressSequentially(word)
          await page.waitForFunction(`!${OFFERED}.includes('junction')`)
          const offered = await shared.editor.value<string[]>(OFFERED)
          for (const type of OURS) {
            const label = offered.find((one) => one.endsWith(`(${type})`))
            // The words that are searched are not shown.
            assert.match(String(label), /^\S+ \S+ \(mq-[a-z-]+\)$/, offered.join(', '))
          }
          await page.keyboard.press('Escape')
          await input.waitFor({ state: 'hidden' })
        })
      }

      it('and the list of actions has ours for "queue"', async () => {
        const { page } = shared.editor
        await shared.editor.value(`RED.actions.invoke('core:show-action-list')`)
        const list = page.locator('#red-ui-actionList')
        await list.locator('input').pressSequentially('queue')
        for (const action of ['show-sidebar', 'show-queue']) {
          const label = await shared.editor.value<string>(
            `RED._(RED.actions.list().find(({ id }) => id === 'mqueue:${action}').options.label)`,
          )
          await list.getByText(label, { exact: true }).waitFor()
        }
        await page.keyboard.press('Escape')
        assert.deepEqual(shared.editor.errors, [])
      })
    },
    { view, ...(view.theme === undefined ? {} : { lines: ['5'] }) },
  )
}

describePalette('in English', {}, ['queue', 'FIFO', 'buffer', 'mq-'])
describePalette('in German', { locale: 'de' }, ['queue', 'fifo', 'Warteschlange'])
describePalette('in Spanish', { locale: 'es-ES' }, ['queue', 'buffer', 'cola'])
describePalette('in the dark theme', { theme: 'dark' }, ['fifo'])
