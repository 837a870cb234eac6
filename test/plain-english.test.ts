/** What people read is plain English: texts of the nodes, errors, comments, and pages. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT } from './support/node-red.ts'
import { sentencesOf, sentencesOfPage, wordsOf } from './support/sentences.ts'
import { commentsOfLua, type SourceText, textsOfScript } from './support/source-texts.ts'

/** The most words of a sentence. */
const LONGEST = 30

/** Words that a reader stumbles over, each with what is said instead. */
const STIFF: readonly [RegExp, string][] = [
  [/\btells? whether\b/i, 'whether'],
  [/\b(?:gives|gave)\b(?!(?: \S+){0,4} up\b)/i, 'returns'],
  [/\b(?:hears|heard)\b/i, 'is called with, receives'],
  [/(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more than\b)/i, 'is not a'],
  [/\bbut for\b/i, 'except'],
  [/\banew\b/i, 'again'],
  [/\blets? go of\b/i, 'releases'],
  [/\b(?:is|are|was|were|been|(?:can|cannot|could|may|must) be) told\b/i, 'is reported'],
  [/\b(?:is|are|was|were) to be\b/i, 'must be'],
  [/\bof (?:its|their|our|your|one's|his|her) own\b/i, 'its own'],
  [/\bmend(?:s|ed|ing)?\b/i, 'repair, correct'],
]

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8')
const files = (...patterns: string[]) =>
  globSync(patterns, { cwd: PROJECT, exclude: (path) => /(^|\/)node_modules$/.test(path) })
    .filter((file) => !file.endsWith('plain-english.test.ts'))
    .toSorted()

/** What is stiff in a text: the words, and what to say instead. */
function stiffIn(text: string): string[] {
  const plain = text.replace(/`[^`\n]*`/g, 'code').replace(/\s+/g, ' ')
  return STIFF.flatMap(([words, instead]) => {
    const [found] = words.exec(plain) ?? []
    return found === undefined ? [] : `"${found.trim()}" → ${instead}`
  })
}

/** What is wrong with the sentences of a page or of a text in English. */
function wrongIn(sentences: readonly { line: number; text: string }[], where: string): string[] {
  return sentences.flatMap(({ line, text }) => {
    const place = `${where}:${line}: ${text}`
    const words = wordsOf(text)
    const long = words > LONGEST ? [`${words} words, ${place}`] : []
    return [...stiffIn(text).map((found) => `${found}, ${place}`), ...long]
  })
}

/** The texts of a catalogue or of a flow, each with its key. */
function* textsOf(value: unknown, key = ''): Generator<[key: string, text: string]> {
  if (typeof value === 'string') yield [key, value]
  else
    for (const [name, inner] of Object.entries(value ?? {})) yield* textsOf(inner, `${key}.${name}`)
}

const sourceTexts = (file: string): SourceText[] =>
  file.endsWith('.lua') ? commentsOfLua(read(file)) : textsOfScript(read(file))

/** The parts of a comment that are prose: each tag for itself, without examples and layouts. */
function proseOf(comment: string): string[] {
  return comment
    .split(/\n\s*\n|\n(?=\s*@)|\n(?=\s*- )/)
    .filter((part) => !/^\s*@example\b/.test(part))
}

describe('plain English', () => {
  it('is asked for by a test that finds what is not', () => {
    const bad = [
      'Tells whether it is open.',
      'It gives the size.',
      'A node hears the change.',
      'What is no text is refused.',
      'All but for the last.',
      'It begins anew.',
      'The queue lets go of its table.',
      'The owner is told once.',
      'What is to be written.',
      'A file of its own.',
      'Until it is mended.',
    ]
    assert.equal(bad.length, STIFF.length)
    for (const text of bad) assert.equal(stiffIn(text).length, 1, text)
    const good = [
      'It gives up. A server gives the connection up.',
      'There is no queue, and it is no longer than that.',
      '`gives` is a word in code.',
    ]
    for (const text of good) assert.deepEqual(stiffIn(text), [])
    const words = 'word '.repeat(LONGEST)
    assert.deepEqual(wrongIn(sentencesOfPage(`# A heading\n\n${words}\n\n- ${words}`), ''), [])
    assert.equal(wrongIn(sentencesOfPage(`One. ${words}\n${words}. Two.`), '').length, 1)
    assert.equal(wrongIn(sentencesOfPage(`| cell | ${words} word |`), '').length, 1)
  })

  it('finds each comment and each string of a script, and nothing else', () => {
    const code = [
      '/** A doc.',
      ' * Two. */',
      "const a = /'\\/[/`]/.test('it\\'s') // one",
      '// two',
      '// three',
      ['const b = `x $', '{a ? `in $', '{"deep"}` : 1} y` / 2 // four'].join(''),
    ].join('\n')
    const found = textsOfScript(code).map(({ kind, line, text }) => [kind[0], line, text.trim()])
    assert.deepEqual(
      found.map(([kind, line, text]) => `${kind}${line} ${String(text).replace(/\s+/g, ' ')}`),
      [
        'c1 A doc. Two.',
        "s3 it\\'s",
        'c3 one',
        'c4 two three',
        's6 x … y',
        's6 in …',
        's6 deep',
        'c6 four',
      ],
    )
    assert.deepEqual(commentsOfLua('-- one\n-- two\nlocal a = 1'), [
      { kind: 'comment', line: 1, text: 'one\ntwo' },
    ])
  })

  it('is spoken by the catalogues, and no language has long sentences', () => {
    const wrong = files('nodes/locales/*/*.json').flatMap((file) =>
      [...textsOf(JSON.parse(read(file)))].flatMap(([key, text]) => {
        const sentences = sentencesOf(text).map((sentence) => ({ line: 1, text: sentence }))
        return file.includes('/en-US/')
          ? wrongIn(sentences, `${file} ${key}`)
          : longIn(sentences, `${file} ${key}`)
      }),
    )
    assert.deepEqual(wrong, [])
  })

  it('is spoken by the help, and no language has long sentences', () => {
    const help = files('nodes/locales/*/*.html')
    assert.ok(help.length > 20, `${help.length} pages of help`)
    const wrong = help.flatMap((file) => {
      const sentences = sentencesOfPage(read(file))
      return file.includes('/en-US/') ? wrongIn(sentences, file) : longIn(sentences, file)
    })
    assert.deepEqual(wrong, [])
  })

  it('is spoken by the pages', () => {
    const pages = files('*.md', '.github/**/*.md', 'docs/{*,adr/*}.md', 'examples/**/*.md')
    assert.ok(pages.length > 30, `${pages.length} pages`)
    assert.deepEqual(
      pages.flatMap((file) => wrongIn(sentencesOfPage(read(file)), file)),
      [],
    )
  })

  it('is spoken by the examples', () => {
    const examples = files('examples/**/*.json')
    assert.ok(examples.length > 15, `${examples.length} examples`)
    const wrong = examples.flatMap((file) =>
      [...textsOf(JSON.parse(read(file)))].flatMap(([key, text]) =>
        stiffIn(text).map((found) => `${found}, ${file} ${key}: ${text}`),
      ),
    )
    assert.deepEqual(wrong, [])
  })

  it('is spoken by errors and logs', () => {
    const wrong = files('src/**/*.ts', 'nodes/**/*.ts').flatMap((file) =>
      sourceTexts(file)
        .filter(({ kind }) => kind === 'string')
        .flatMap(({ line, text }) => {
          const long = longIn(
            // Not those of SQL, CSS and Kamailio.
            sentencesOf(text)
              .filter((sentence) => /^[A-Z][a-z]/.test(sentence))
              .map((sentence) => ({ line, text: sentence })),
            file,
          )
          return [...stiffIn(text).map((found) => `${found}, ${file}:${line}: ${text}`), ...long]
        }),
    )
    assert.deepEqual(wrong, [])
  })

  it('is spoken by comments and by the names of tests', () => {
    const wrong = files(
      '{src,nodes,test,bench,scripts}/**/*.{ts,js,lua}',
      'examples/**/*.{ts,js}',
    ).flatMap((file) =>
      sourceTexts(file).flatMap(({ line, text }) =>
        stiffIn(text).map((found) => `${found}, ${file}:${line}: ${text}`),
      ),
    )
    assert.deepEqual(wrong, [])
  })

  it('has no long sentence in a comment of what is shipped', () => {
    const wrong = files('{src,nodes}/**/*.ts').flatMap((file) =>
      sourceTexts(file)
        .filter(({ kind }) => kind === 'comment')
        .flatMap(({ line, text }) =>
          longIn(
            proseOf(text)
              .flatMap(sentencesOf)
              .map((sentence) => ({ line, text: sentence })),
            file,
          ),
        ),
    )
    assert.deepEqual(wrong, [])
  })
})

/** The sentences that are too long. */
function longIn(sentences: readonly { line: number; text: string }[], where: string): string[] {
  return sentences
    .filter(({ text }) => wordsOf(text) > LONGEST)
    .map(({ line, text }) => `${wordsOf(text)} words, ${where}:${line}: ${text}`)
}
