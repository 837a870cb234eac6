/** Every language has every text, and every text that is asked for exists. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ACTIONS } from '../nodes/editor/actions.ts'
import { FAILURE_FIELDS, MODES } from '../nodes/editor/modes.ts'
import { STATUS_TEXTS } from '../nodes/status.ts'
import { RULES } from '../src/index.ts'
import { PROJECT } from './support/node-red.ts'
import { FLOW_TYPES, TYPES } from './support/node-types.ts'

const LANGUAGES = ['en-US', 'es-ES', 'de'] as const

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8')
const help = (language: string, type: string) => read(`nodes/locales/${language}/${type}.html`)

/** The texts of a catalogue, by their keys. */
function catalogue(language: string, type: string): Map<string, string> {
  const texts = new Map<string, string>()
  const walk = (value: unknown, path: string[]) => {
    if (typeof value === 'string') texts.set(path.join('.'), value)
    else for (const [key, inner] of Object.entries(value as object)) walk(inner, [...path, key])
  }
  walk(JSON.parse(read(`nodes/locales/${language}/${type}.json`)), [])
  return texts
}

/** The keys of the texts for what a node can do. */
function actionTexts(type: string): string[] {
  const actions = ACTIONS[type] ?? []
  const labels = actions.length === 0 ? [] : [...actions, 'msg', 'other']
  return [
    ...actions.map((action) => `${type}.action.${action}`),
    ...labels.map((action) => `${type}.unnamed.${action}`),
  ]
}

const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, found = '']) => found)
const placeholders = (text = '') => matches(text, /(__\w+?__)/g).sort()

describe('the catalogues', () => {
  it('are the same files in every language', () => {
    for (const language of LANGUAGES) {
      const files = globSync(`nodes/locales/${language}/*`, { cwd: PROJECT }).map((file) =>
        basename(file),
      )
      assert.deepEqual(
        files.sort(),
        TYPES.flatMap((type) => [`${type}.html`, `${type}.json`]).sort(),
      )
    }
    const languages = globSync('nodes/locales/*', { cwd: PROJECT }).map((file) => basename(file))
    assert.deepEqual(languages.sort(), [...LANGUAGES].sort())
  })

  for (const type of TYPES) {
    for (const language of LANGUAGES) {
      it(`have the same keys and placeholders for ${type} in ${language}`, () => {
        const english = catalogue('en-US', type)
        const texts = catalogue(language, type)
        assert.deepEqual([...texts.keys()].sort(), [...english.keys()].sort())
        for (const [key, text] of texts) {
          assert.notEqual(text.trim(), '', key)
          assert.deepEqual(placeholders(text), placeholders(english.get(key)), key)
        }
      })
    }

    it(`have what ${type}.html asks for`, () => {
      const page = read(`nodes/${type}.html`)
      const asked = [
        ...matches(page, /data-i18n="(?:\[\w+\])?([^"]+)"/g),
        ...matches(page, new RegExp(`'(${type}\\.[\\w.]+)'`, 'g')),
        ...actionTexts(type),
      ].filter((key) => !key.endsWith('.svg'))
      const known = catalogue('en-US', type)
      for (const key of asked) assert.ok(known.has(key), key)
      if (type === 'mqueue') return
      const unused = [...known.keys()].filter((key) => !asked.includes(key))
      assert.deepEqual(unused.sort(), [...new Set(STATUS_TEXTS)].sort())
    })
  }

  it('have what the scripts of the dialogs and of the sidebar ask for, and nothing else', () => {
    const scripts = globSync('nodes/editor/**/*.ts', { cwd: PROJECT }).map(read).join('\n')
    const known = new Set(
      [...catalogue('en-US', 'mqueue').keys()].map((key) => key.replace(/^mqueue\./, '')),
    )
    for (const key of matches(scripts, /\btext\(\s*'([^']+)'/g)) assert.ok(known.has(key), key)
    const asked = new Set([
      ...matches(scripts, /'([\w.]+)'/g),
      ...matches(read('nodes/mqueue.html'), /mqueue\.([\w.]+)/g),
      ...RULES.map((rule) => `rule.${rule}`),
      ...Object.entries(MODES).flatMap(([field, modes]) => [
        `label.${field}`,
        `column.${field}`,
        ...modes.map((mode) => `${field}.${mode}`),
      ]),
      ...['size', ...FAILURE_FIELDS].flatMap((field) => [`label.${field}`, `column.${field}`]),
      'column.name',
    ])
    assert.deepEqual(
      [...known].filter((key) => !asked.has(key)),
      [],
    )
    assert.deepEqual(
      [...known].filter((key) => key.startsWith('rule.')),
      RULES.map((rule) => `rule.${rule}`),
    )
  })

  for (const type of FLOW_TYPES) {
    it(`have every status text of ${type}, in English as the runtime has it`, () => {
      for (const language of LANGUAGES) {
        const texts = catalogue(language, type)
        for (const text of STATUS_TEXTS) {
          assert.ok(texts.has(text), `${language}: ${text}`)
          if (language === 'en-US') assert.equal(texts.get(text), text)
        }
      }
    })
  }
})

describe('the words', () => {
  it('for a deploy and for a config node are those of the editor', () => {
    const others = { de: /(?<!\()\bdeploy|config-node/i, 'es-ES': /desplieg|desplegar/i }
    for (const [language, other] of Object.entries(others)) {
      for (const file of globSync(`nodes/locales/${language}/*`, { cwd: PROJECT })) {
        const text = read(file).replace(/\(deploy\)/g, '')
        assert.doesNotMatch(text, other, file)
      }
    }
  })

  it('of a message put the name of a queue in quotes', () => {
    // What names a choice, a node or a part of a list is not a sentence.
    const sentence = /[.?]$|^"__/
    for (const language of LANGUAGES) {
      for (const [key, text] of catalogue(language, 'mqueue')) {
        if (!sentence.test(text)) continue
        const bare = text.replace(/"__\w+?__"/g, '')
        assert.doesNotMatch(bare, /__(queue|name)__(?! __version__)/, `${language}: ${key}`)
      }
    }
  })

  it('for the fields of a queue are the same in the dialog and in the help', () => {
    for (const language of LANGUAGES) {
      const texts = catalogue(language, 'mqueue')
      const page = help(language, 'mqueue')
      for (const field of ['name', 'size', 'addmode', 'dbmode', ...FAILURE_FIELDS]) {
        const label = texts.get(`mqueue.column.${field}`)?.replace(' (s)', '')
        assert.ok(page.includes(`\n: ${label} (`), `${language}: ${label}`)
      }
    }
  })

  it('for what a node sends back to its own input are those of what can be wired', () => {
    for (const language of LANGUAGES) {
      const page = help(language, 'mq-fetch')
      for (const part of ['*link out*', '*link in*', '*draining-a-queue*', '`all`']) {
        assert.ok(page.includes(part), `${language}: ${part}`)
      }
    }
  })
})

describe('the help', () => {
  for (const type of TYPES) {
    for (const language of LANGUAGES) {
      it(`of ${type} in ${language} has the parts, properties and codes of the English one`, () => {
        const text = help(language, type)
        assert.match(text, new RegExp(`^<script type="text/markdown" data-help-name="${type}">`))
        const english = help('en-US', type)
        for (const part of [/^(#+) /gm, /^(\d+\.) /gm, /^: .+ \(([a-z]+)\) : /gm, /`([^`\n]+)`/g]) {
          const told = matches(text, part).map(withoutWords).sort()
          assert.deepEqual(told, matches(english, part).map(withoutWords).sort(), String(part))
        }
        assert.ok(matches(text, /^(#+) /gm).length >= 3)
      })
    }
  }

  it('has no colon that Node-RED takes for that of a property, and no tag', () => {
    for (const language of LANGUAGES) {
      for (const type of TYPES) {
        const whole = help(language, type)
        assert.equal(matches(whole, /(<)/g).length, 2, 'what looks like a tag is taken for one')
        const text = whole.replace(/^```$.*?^```$/gms, '')
        for (const line of text.split('\n')) {
          const colons = line.split(':').length - 1
          assert.ok(line.startsWith(': ') ? colons === 2 : colons <= 1, `${language}: ${line}`)
        }
      }
    }
  })

  it('says what is lost, and what is not, over RPC', () => {
    for (const language of LANGUAGES) {
      const [, details = ''] = help(language, 'mqueue').split(/`mqueue\/rpc`/)
      assert.match(details.split('\n')[0] ?? '', /lost.*64|verloren.*64|pierde.*64/, language)
    }
  })

  it('names every error code of each node that has errors', () => {
    for (const [type, number] of Object.entries({
      'mq-add': 10,
      'mq-fetch': 9,
      'mq-consume': 8,
      'mq-ack': 10,
      'mq-control': 9,
    })) {
      const codes = new Set(matches(help('en-US', type), /`(MQ_\w+)`/g))
      assert.equal(codes.size, number, type)
    }
  })
})

/** A piece of code without the words in it that are translated, such as those for its parameters. */
function withoutWords(code: string): string {
  return code.replace(/\(.+\)|<.*>|\/\/.*/g, '')
}
