/**
 * A context store that takes its time: `d50n7` takes 50 ms, `held` and anything after it until `answer()` is called.
 * For any other key it never answers.
 */
const held = []

module.exports = () => ({
  open: async () => {},
  close: async () => {},
  get(_scope, key, callback) {
    const answer = () => callback(null, `value of ${key}`)
    const delay = Number.parseInt(key.slice(1), 10)
    if (!Number.isNaN(delay)) setTimeout(answer, delay)
    else if (key.startsWith('held')) held.push(answer)
  },
  set: (_scope, _key, _value, callback) => callback?.(),
  keys: (_scope, callback) => callback(null, []),
  delete: async () => {},
  clean: async () => {},
})

/** Answers what is held. */
module.exports.answer = () => {
  for (const answer of held.splice(0)) answer()
}
