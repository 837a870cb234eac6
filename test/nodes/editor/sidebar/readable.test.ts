import assert from 'node:assert/strict'
import { piecesOf, readable } from '../../../../nodes/editor/sidebar/readable.ts'

describe('a text that people read', () => {
  it('shows what nobody would see', () => {
    assert.equal(readable('a\0b\x1b[31m\x7f'), 'a␀b␛[31m␡')
    assert.equal(readable('\u202egnp.exe\u2066'), '\\u202egnp.exe\\u2066')
    assert.equal(readable('\ufeffx\u0085\u00ad'), '\\ufeffx\\u0085\\u00ad')
    assert.equal(readable('\u{e0041}'), '\\u{e0041}')
  })

  it('leaves everything else as it is', () => {
    for (const text of ['', 'a\n\tb', '<b>&amp;', 'مرحبا', 'שלום', '👨‍👩‍👧', '日本', 'é']) {
      assert.equal(readable(text), text)
    }
  })
})

describe('a text in pieces', () => {
  it('is the text', () => {
    for (const text of ['', 'a', 'abcdef', 'ab\ncd\nef', '\n\n\n\n', '😀😀😀']) {
      for (const length of [2, 3, 4, 100]) {
        const pieces = piecesOf(text, length)
        assert.equal(pieces.join(''), text)
        for (const piece of pieces) assert.ok(piece.length <= length, JSON.stringify(piece))
      }
    }
  })

  it('is cut behind the end of a line, where there is one', () => {
    assert.deepEqual(piecesOf('ab\ncd\nef', 4), ['ab\n', 'cd\n', 'ef'])
    assert.deepEqual(piecesOf('abcdef\ng', 4), ['abcd', 'ef\ng'])
  })

  it('has no character cut in two', () => {
    assert.deepEqual(piecesOf('a😀😀', 2), ['a', '😀', '😀'])
    assert.deepEqual(piecesOf('ab😀c', 3), ['ab', '😀c'])
  })
})
