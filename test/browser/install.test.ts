/** The two ways to install that the README has. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { LINES, type Line, NodeRed } from '../support/node-red.ts'
import { type NpmRegistry, npmRegistry } from '../support/npm-registry.ts'
import { read } from '../support/pages.ts'
import { requires } from '../support/required.ts'
import { CHROMIUM, Editor } from './editor.ts'

const NAME = '@mqueue/node-red-mqueue'
const README = read('README.md')

describe('the package is installed as the README says', function () {
  this.timeout(300_000)
  requires(CHROMIUM !== undefined, 'apt-get install chromium')
  let registry: NpmRegistry
  before(async () => {
    registry = await npmRegistry()
  })
  after(() => registry.close())

  for (const line of Object.keys(LINES) as Line[]) {
    it(`in the editor of Node-RED ${line}: menu › Manage palette › Install`, async () => {
      assert.match(
        README,
        /menu › _Manage palette_ › _Install_, search for `@mqueue\/node-red-mqueue`/,
      )
      const settings = { externalModules: { palette: { allowInstall: true } } }
      const userDir = registry.makeUserDir()
      const nodeRed = await NodeRed.start({ line, userDir, flows: [], settings })
      const editor = await Editor.open(nodeRed.url, { type: 'inject' }).catch(async (error) => {
        await nodeRed.stop({ keep: true })
        throw error
      })
      try {
        const { page } = editor
        const { version } = registry
        const entry = { id: NAME, version, description: '', types: [], keywords: [], url: '' }
        await page.route('**/catalogue.json*', (route) =>
          route.fulfill({
            json: { name: 'all', modules: [{ ...entry, updated_at: '2026-01-01' }] },
          }),
        )
        await page.locator('#red-ui-header-button-sidemenu').click()
        await page.getByText('Manage palette', { exact: true }).click()
        const manager = page.locator('.red-ui-settings-tabs-content:visible')
        await manager.locator('.red-ui-tab-label', { hasText: 'Install' }).click()
        await manager.locator('.red-ui-searchBox-input:visible').fill(NAME)
        await manager
          .locator('.red-ui-palette-module-button-group a', { hasText: 'install' })
          .click()
        await page.addStyleTag({ content: '#red-ui-notifications { pointer-events: auto }' })
        await page.locator('.red-ui-notification button', { hasText: 'Install' }).click()
        await page.waitForFunction(`RED.nodes.getType('mq-add') !== undefined`, undefined, {
          timeout: 240_000,
        })
      } finally {
        await editor.close()
        await nodeRed.stop()
      }
    })
  }

  it('in the user directory, with npm', async () => {
    const [, command = ''] = /```\n(npm install .*)\n```/.exec(README) ?? []
    const userDir = registry.makeUserDir()
    const [npm = '', ...args] = command.split(' ')
    execFileSync(npm, args, { cwd: userDir, stdio: 'pipe' })
    const nodeRed = await NodeRed.start({ userDir, flows: [] })
    try {
      const response = await fetch(`${nodeRed.url}/nodes`, {
        headers: { Accept: 'application/json' },
      })
      const sets = (await response.json()) as { module: string; enabled: boolean; err?: string }[]
      const ours = sets.filter(({ module }) => module === NAME)
      assert.ok(ours.length > 0 && ours.every(({ enabled, err }) => enabled && err === undefined))
    } finally {
      await nodeRed.stop()
    }
  })
})
