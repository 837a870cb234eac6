/** A context store that takes its time: `d50n7` takes 50 ms. For any other key it never answers. */
module.exports = () => ({
  open: async () => {},
  close: async () => {},
  get(_scope, key, callback) {
    const delay = Number.parseInt(key.slice(1), 10)
    if (!Number.isNaN(delay)) setTimeout(() => callback(null, `value of ${key}`), delay)
  },
  set: (_scope, _key, _value, callback) => callback?.(),
  keys: (_scope, callback) => callback(null, []),
  delete: async () => {},
  clean: async () => {},
})
