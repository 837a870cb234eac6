/** A context store that takes its time: `d50n7` takes 50 ms. */
module.exports = () => ({
  open: async () => {},
  close: async () => {},
  get(_scope, key, callback) {
    setTimeout(() => callback(null, `value of ${key}`), Number.parseInt(key.slice(1), 10))
  },
  set: (_scope, _key, _value, callback) => callback?.(),
  keys: (_scope, callback) => callback(null, []),
  delete: async () => {},
  clean: async () => {},
})
